"""The case of a cycle's supply plan, made again from its tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sopkit.supply.inputs.case import Case, Rates
from sopkit.supply.inputs.prepare import prepare_case, set_targets
from sopkit.supply.inputs.tables import SupplyTables


def open_case(
    given: Mapping[str, pd.DataFrame],
    demand: pd.DataFrame,
    stock_target: pd.DataFrame,
    periods: pd.DatetimeIndex,
    *,
    working_days: dict[pd.Timestamp, int] | None = None,
    rates: Rates | None = None,
) -> Case:
    """Return the case that the supply review solves; what-ifs start from the same one.

    The network is that of the demand; stock targets are set on it afterwards, since they come from
    its lead times.

    Args:
        given: the company's tables by name; `price` with the realised prices of items that the
            price list lacks.
        demand: contract `net_demand`.
        stock_target: contract `stock_target`.
        periods: months solved.
        working_days: working days of each period, for resources without capacity rows.
        rates: prices and choices that no table gives.

    Raises:
        PlanError: hard data contradict each other.
    """
    known = {name: frame for name, frame in given.items() if name != "stock_target"}
    tables = SupplyTables.collect(known)
    network = prepare_case(tables, demand, periods, working_days=working_days, rates=rates)
    return set_targets(network, stock_target)
