"""What people decided, want and expect: budget, targets, last month's plan, overrides, pipeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.demo.orders import to_taxed_prices
from sopkit.demo.products import FAMILIES, ITEMS, read_block, to_standard_cost
from sopkit.demo.sales import AS_OF, HISTORY, MONTHS, Demand, to_random
from sopkit.demo.supply import TARGET_FAMILY, TARGET_MONTH, TARGET_RATE
from sopkit.tables import LEAF

BUDGET_HOPE = {2026: 1.03, 2027: 1.045}  # budget against what was expected when it was made
LAST_CYCLE, RESTATED = HISTORY - 1, 8
PLAN_MONTHS = 18


@dataclass(frozen=True)
class Plans:
    """Plans of people, by seed.

    Args:
        budget: (item, location, period) with `quantity`, `net_value`, `margin_value`.
        target: (family, period) with `quantity`.
        past_plan: (series, period position) with `demand`, `plan`, of cycle 2026-10.
        past_history: cases as known in the last cycle, (series, month).
        restated: cells that changed since, with old and new quantity.
        opportunities: deals in the pipeline.
    """

    budget: pd.DataFrame
    target: pd.DataFrame
    past_plan: pd.DataFrame
    past_history: np.ndarray
    restated: pd.DataFrame
    opportunities: pd.DataFrame


def build_plans(demand: Demand, seed: int) -> Plans:
    """Return budget, targets, last month's snapshot and the pipeline for a seed."""
    past, restated = _restate(demand, to_random(seed, 40))
    return Plans(
        budget=_to_budget(demand, to_random(seed, 41)),
        target=_to_target(demand),
        past_plan=_to_past_plan(demand, to_random(seed, 42)),
        past_history=past,
        restated=restated,
        opportunities=_to_opportunities(demand, to_random(seed, 43)),
    )


def _restate(demand: Demand, rng: np.random.Generator) -> tuple[np.ndarray, pd.DataFrame]:
    """Return history as known a month ago: some months were booked low and late."""
    past = demand.actual[:, :LAST_CYCLE].copy()
    rows = np.sort(rng.choice(np.flatnonzero(past.min(axis=1) > 200), RESTATED, replace=False))
    months = rng.integers(LAST_CYCLE - 3, LAST_CYCLE, RESTATED)
    then = np.round(past[rows, months] * rng.uniform(0.6, 0.85, RESTATED)).astype(int)
    restated = demand.series.loc[rows, LEAF].assign(
        period=MONTHS[months], past_qty=then, actual_qty=past[rows, months]
    )
    past[rows, months] = then
    return past, restated.reset_index(drop=True)


def _to_budget(demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return budget by item, DC and month of 2026 and 2027; promotions are not in it."""
    keys = ["item", "location"]
    net = to_taxed_prices(demand)[:, None] / 1.13
    cost = to_standard_cost().set_index("item")["unit_cost_value"]
    like = ITEMS.set_index("item")["like"]
    codes = demand.series["item"].where(
        demand.series["item"].isin(cost.index), demand.series["item"].map(like)
    )
    unit_cost = codes.map(cost).to_numpy()[:, None]
    hope = FAMILIES.set_index("family")["volume"] * 0 + rng.normal(0, 0.02, len(FAMILIES))
    lift = (1 + demand.series["family"].map(hope)).to_numpy()[:, None]
    year = np.array([BUDGET_HOPE.get(month.year, 0.0) for month in MONTHS])
    quantity = demand.base * lift * year
    parts = {"quantity": quantity, "net_value": quantity * net}
    parts["margin_value"] = quantity * (net - unit_cost)
    columns = []
    for name, values in parts.items():
        frame = pd.DataFrame(values, columns=MONTHS).groupby([demand.series[k] for k in keys]).sum()
        columns.append(pd.Series(frame.stack(), name=name))
    budget = pd.concat(columns, axis=1).rename_axis([*keys, "period"]).reset_index()
    return budget[budget["quantity"] > 0].sort_values(["period", *keys], ignore_index=True)


def _to_target(demand: Demand) -> pd.DataFrame:
    """Return what sales wants of 2027, by family and month: +3 %; sparkling tea +20 % from May."""
    families = pd.DataFrame(demand.base, columns=MONTHS).groupby(demand.series["family"]).sum()
    months = MONTHS[MONTHS.year == 2027]
    wanted = families.index.to_numpy()[:, None] == TARGET_FAMILY
    late = months.strftime("%Y-%m").to_numpy() >= TARGET_MONTH
    rate = np.where(wanted & late, 1 + TARGET_RATE, 1.03)
    return (families[months] * rate).round(-2).astype(int)


def _to_past_plan(demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return cycle 2026-10's agreed demand and plan: 18 months from October 2026."""
    months = np.arange(LAST_CYCLE, LAST_CYCLE + PLAN_MONTHS)
    spread = np.exp(rng.normal(0, 0.06, (len(demand.series), PLAN_MONTHS)))
    agreed = np.round(demand.expected[:, months] * spread * 1.01).astype(int)
    summer = (
        np.isin(MONTHS[months].month, (6, 7))
        & (demand.series["family"].isin(["COLA", "STEA"]).to_numpy()[:, None])
    )
    planned = np.round(agreed * np.where(summer, 0.97, 1.0)).astype(int)
    rows, columns = np.nonzero(agreed)
    return pd.DataFrame(
        {
            "series": rows,
            "month": months[columns],
            "demand": agreed[rows, columns],
            "plan": planned[rows, columns],
        }
    )


STAGES = {"初步接洽": 0.1, "方案报价": 0.3, "合同谈判": 0.6, "口头确认": 0.85}
DEALS = (
    "连锁便利店新店铺货",
    "高校食堂年度招标",
    "航空配餐",
    "高铁站零售",
    "电影院线",
    "企业福利团购",
)


def _to_opportunities(demand: Demand, rng: np.random.Generator) -> pd.DataFrame:
    """Return 42 deals: stage, chance, cases, and the day the customer wants them."""
    large = demand.series[(demand.series["reach"] != "C") & (demand.base[:, HISTORY] > 500)]
    picks = large.iloc[rng.choice(len(large), 42, replace=False)]
    stages = rng.integers(0, len(STAGES), 42)
    opened = AS_OF - pd.to_timedelta(rng.integers(5, 120, 42), unit="D")
    wanted = AS_OF + pd.to_timedelta(rng.integers(10, 190, 42), unit="D")
    share = rng.uniform(0.08, 0.35, 42)
    return pd.DataFrame(
        {
            "opportunity": [f"SJ2026{number:04d}" for number in rng.choice(900, 42, replace=False)],
            "title": [DEALS[number] for number in rng.integers(0, len(DEALS), 42)],
            "item": picks["item"].to_numpy(),
            "location": picks["location"].to_numpy(),
            "channel": picks["channel"].to_numpy(),
            "region": picks["region"].to_numpy(),
            "stage": [list(STAGES)[stage] for stage in stages],
            "win_rate": [list(STAGES.values())[stage] for stage in stages],
            "opened_date": opened,
            "expected_date": wanted,
            "quantity": np.round(demand.base[picks.index, HISTORY] * share, -1).astype(int),
        }
    ).sort_values("opportunity", ignore_index=True)


# What the cycle's demand review was told: the amount is cases a month, or a ratio.
OVERRIDES = read_block(
    """
override|item|family|location|customer|start|end|method|amount|reason|assumption|owner|entered
TZ261101|010101|all|D4|all|2026-12|2027-01|percent|0.08|promotion|春节堆头陈列已签约|华南大区经理|2026-10-28
TZ261102|010301|all|D1|all|2026-11|2026-12|delta|1200|listing|连锁便利店 600 家新店铺货|华东大区经理|2026-10-27
TZ261103|all|JU1L|D6|all|2026-12|2027-01|percent|0.12|promotion|礼盒装提前备货|华北大区经理|2026-10-29
TZ261104|010607|all|D1|all|2026-12|2027-02|percent|-0.60|other|新礼盒上市，旧礼盒停止订货|产品组合经理|2026-10-30
TZ261105|010802|all|D5|EC-XN|2026-11|2026-11|delta|900|promotion|双十一主推单品|电商渠道经理|2026-10-26
TZ261106|all|WATER|D6|all|2026-12|2027-02|percent|-0.06|weather|预计暖冬结束早、低温偏多|华北大区经理|2026-10-29
TZ261107|010205|all|D2|all|2027-01|2027-03|absolute|5200|price|一月起终端价下调|浙闽大区经理|2026-10-30
TZ261108|010403|all|D3|all|2026-11|2026-12|percent|0.05|correction|九月漏单已补录|华中大区经理|2026-10-30
"""  # noqa: E501
)

PAST_DECISIONS = read_block(
    """
decision|cycle|zh|en|owner|due|expected|status|kind|option
JY2606-1|2026-06|采信大区销售预测，不再由市场部下调|Trust the regional sales forecast over marketing's|需求计划经理|2026-07-15|60|done|conflict|A
JY2607-1|2026-07|国庆前在罐装线预生产 12 万箱|Pre-build 120,000 cases on the can lines before Golden Week|供应计划经理|2026-08-31|180|done|shortage|B
JY2608-1|2026-08|引入第二家易拉罐供应商|Bring in a second can supplier|采购经理|2026-10-15|240|done|shortage|C
JY2609-1|2026-09|PET 二线二月起改造提速，九月投用|Rebuild PET line 2 from February, faster from September|生产总监|2027-02-01|520|open|bottleneck|C
JY2610-1|2026-10|寻找 38mm 瓶盖第二供应商|Find a second supplier of 38 mm caps|采购经理|2026-12-31|110|open|shortage|B
"""  # noqa: E501
)

# What each decision changed, in the words of scenario.effect; one still being looked for has none.
DECISION_DIFFS = {
    "JY2606-1": "- forecast: sales\n  instead: marketing\n  from: 2026-07",
    "JY2607-1": "- build: CAN1\n  from: 2026-08\n  to: 2026-09\n  change: +60000 units",
    "JY2608-1": "- supplier: S14\n  from: 2026-11",
    "JY2609-1": "- capacity: PET2\n  from: 2027-09\n  to: 2028-04\n  change: +25 %",
}
