"""Solve the demand range through the supply model."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sopkit.supply import Case, Plan, net_demand, solve_case


def solve_range(
    case: Case,
    demands: Mapping[str, pd.DataFrame],
    sales_order_line: pd.DataFrame,
    service_class: pd.DataFrame,
) -> dict[str, Plan]:
    """Solve a whole plan for each demand; orders in hand are netted as in the supply review.

    Args:
        case: the prepared network.
        demands: contract `consensus_demand` by name of the scenario.
        sales_order_line: contract `sales_order_line`.
        service_class: contract `service_class`.

    Raises:
        PlanError: the solver found no plan.
    """
    return {
        name: solve_case(case, net_demand(demand, sales_order_line, service_class, case.periods))
        for name, demand in demands.items()
    }
