"""Small random companies cost the same in sopkit and in a second, independent formulation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from supply_cases import FREE, random_company
from supply_independent import least_cost

from sopkit.supply import Rates, prepare_case, solve_case

RATES = {
    "usual": Rates(),
    "free": FREE,
    "dear": Rates(
        holding_rate=0.3, below_target_rate=0.1, deep_target_rate=0.4, fair_share_rate=0.1
    ),
}


def vary(tables, seed):
    """Return the company with dated rows, own rows beside those for all, machines, hours a day."""
    draw = np.random.default_rng([seed, 5])
    dated = tables.bom.iloc[[1]].assign(end_date=pd.Timestamp("2026-03-10"))
    after = dated.assign(component="M2", start_date=pd.Timestamp("2026-03-11"), end_date=pd.NaT)
    local = tables.bom[tables.bom["item"] == "F2"].assign(location="P2", component_qty=1.1)
    kinds = {"start_date": "datetime64[ns]", "end_date": "datetime64[ns]"}
    rows = [tables.bom.drop(index=1), dated, after, local]
    bom = pd.concat([one.astype(kinds) for one in rows], ignore_index=True)
    term = tables.purchase_term
    later = term.iloc[[0, 3]].assign(
        start_date=pd.Timestamp("2026-04-01"), price_value=0.4, max_qty=draw.uniform(50, 90)
    )
    anywhere = term.iloc[[0]].assign(supplier="V9", location="all", price_value=2.5, max_qty=np.nan)
    lane = tables.lane.iloc[[0]].assign(item="F1", lead_time_days=20.0, max_qty=15.0)
    cost = tables.cost.iloc[[0]].assign(location="D1", unit_cost_value=9.0, holding_value=0.5)
    price = tables.price.iloc[[0]].assign(
        customer="K", start_date=pd.Timestamp("2026-04-01"), price_value=70.0
    )
    resource = tables.resource.assign(
        hours_per_day=[2.0, np.nan], overtime_rate=[0.1, 0.0], machines=[2.0, 3.0]
    )
    capacity = tables.capacity.assign(machines_down=0.0)
    capacity.loc[capacity["resource"] == "LP2", "machines_down"] = [1.0, 0, 0, 0, 0, 0]
    return replace(
        tables,
        bom=bom.drop_duplicates(["item", "location", "component", "start_date"]),
        purchase_term=pd.concat([term, later, anywhere], ignore_index=True),
        lane=pd.concat([tables.lane, lane], ignore_index=True),
        cost=pd.concat([tables.cost, cost], ignore_index=True),
        price=pd.concat([tables.price, price], ignore_index=True),
        resource=resource,
        capacity=capacity.iloc[np.sort(draw.permutation(12)[:9])].reset_index(drop=True),
    )


@pytest.mark.parametrize("seed", range(101, 121))
def test_a_random_company_costs_what_the_independent_formulation_says(seed):
    tables, demand, periods = random_company(seed)
    rates = RATES[("usual", "free", "dear")[seed % 3]]
    plan = solve_case(prepare_case(tables, demand, periods, rates=rates), demand)
    expected = least_cost(tables, demand, periods, rates)
    assert plan.objective == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", range(201, 209))
def test_dated_rows_own_rows_and_hours_by_the_day_cost_the_same_too(seed):
    tables, demand, periods = random_company(seed)
    tables = vary(tables, seed)
    days = dict(zip(periods, (21, 17, 22, 22, 20, 21), strict=True))
    rates = RATES[("usual", "free", "dear")[seed % 3]]
    case = prepare_case(tables, demand, periods, rates=rates, working_days=days)
    plan = solve_case(case, demand)
    expected = least_cost(tables, demand, periods, rates, days)
    assert plan.objective == pytest.approx(expected, rel=1e-6)
