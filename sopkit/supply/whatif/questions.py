"""The what-ifs that every supply review asks: of the fullest line, the main supplier, a family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sopkit.supply.results.read_plan import Plan
from sopkit.supply.whatif import WhatIf
from sopkit.supply.whatif.answer import price_service
from sopkit.tables import ALL

LESS, MORE = "-20 %", "+10 %"


@dataclass(frozen=True)
class Question:
    """A what-if with its changes as `read_changes` takes them.

    Args:
        name: line_less, line_more, supplier, family or target.
        values: what the question's sentence names.
        blocks: the changes.
    """

    name: str
    values: dict[str, Any]
    blocks: list[dict[str, str]]


def list_questions(
    load: pd.DataFrame, plan: Plan, item: pd.DataFrame, periods: pd.DatetimeIndex
) -> list[Question]:
    """Return the usual questions about a plan, as far as it has what they ask about.

    1. line_less: the resource with the highest load before planning has 20 % fewer hours in the
       month of that load; line_more: 10 % more hours from that month on.
    2. supplier: the supplier of whom the plan buys most delivers nothing in the third month.
    3. family: the family with most demand sells 10 % more.

    Args:
        load: `rate_loads` of the rough-cut load, months shown.
        item: contract `item`.
        periods: months shown.
    """
    last = f"{periods[-1]:%Y-%m}"
    asked = []
    if load["load_rate"].notna().any():
        peak = load.loc[load["load_rate"] == load["load_rate"].max()].to_dict("records")[0]
        values = {"code": peak["resource"], "month": peak["period"]}
        month = f"{peak['period']:%Y-%m}"
        less = {"capacity": str(peak["resource"]), "from": month, "change": LESS}
        more = {**less, "to": last, "change": MORE}
        asked += [Question("line_less", values, [less]), Question("line_more", values, [more])]
    bought = plan.plan_flow[plan.plan_flow["flow_kind"] == "buy"]
    if len(bought) and len(periods) > 2:
        supplier = str(bought.groupby("source")["cost_value"].sum().idxmax())
        outage = {"outage": supplier, "from": f"{periods[2]:%Y-%m}"}
        values = {"code": supplier, "month": periods[2]}
        asked.append(Question("supplier", values, [outage]))
    wanted = plan.plan_service.merge(item[["item", "family"]], on="item")
    if len(wanted):
        family = str(wanted.groupby("family")["demand_qty"].sum().idxmax())
        sells = {"demand": family, "from": f"{periods[0]:%Y-%m}", "to": last, "change": MORE}
        asked.append(Question("family", {"code": family}, [sells]))
    return asked


def pick_target(
    target: pd.DataFrame, demand: pd.DataFrame, item: pd.DataFrame, periods: pd.DatetimeIndex
) -> Question | None:
    """Return the sales target that asks most beyond the agreed demand; None: there is none.

    Targets for a whole family in units count, over the months in which they are above.

    Args:
        target: contract `target`.
        demand: contract `consensus_demand`.
        item: contract `item`.
        periods: months shown.

    Example:
        Tea at 120 in May, 100 agreed: tea, May, +20 %.
    """
    whole = (
        (target["location"] == ALL) & (target["customer"] == ALL) & target["period"].isin(periods)
    )
    asked = target[whole & (target["span_months"] == 1)]
    key = ["family", "period"]
    families = demand.merge(item[["item", "family"]], on="item", how="left", validate="many_to_one")
    agreed = families.groupby(key, as_index=False)[["demand_qty"]].sum()
    both = asked.groupby(key, as_index=False)[["target_qty"]].max().merge(agreed, on=key)
    over = both[both["target_qty"] > both["demand_qty"]]
    if over.empty:
        return None
    gaps = over.assign(gap=over["target_qty"] - over["demand_qty"]).groupby("family")["gap"].sum()
    family = str(gaps.sort_values(ascending=False, kind="stable").index[0])
    first, last = (over.loc[over["family"] == family, "period"].agg(how) for how in ("min", "max"))
    inside = both[(both["family"] == family) & both["period"].between(first, last)]
    rate = inside["target_qty"].sum() / inside["demand_qty"].sum() - 1
    if rate <= 0:
        return None
    block = {
        "demand": family,
        "from": f"{first:%Y-%m}",
        "to": f"{last:%Y-%m}",
        "change": f"+{100 * rate:.2f} %",
    }
    return Question(
        "target", {"family": family, "rate": rate, "first": first, "last": last}, [block]
    )


def sum_what_if(plan: Plan, answer: WhatIf) -> dict[str, Any]:
    """Return an answer in five figures, each the difference to the plan there is.

    Returns:
        `cost_change` [money paid and wished for, over all months solved], `lost_change` [lost
        sales at net price], `service_change` [share served on time], `stock_change` [highest
        month-end stock in money], `first_change` (month).
    """
    before, after = (price_service(one) for one in (plan, answer.plan))
    lost = [float((rows["short_qty"] * rows["price_value"]).sum()) for rows in (before, after)]
    served = [
        rows["on_time_qty"].sum() / max(rows["demand_qty"].sum(), 1e-9) for rows in (before, after)
    ]
    stock = answer.stock[["before_value", "after_value"]].max()
    return {
        "cost_change": -answer.gain,
        "lost_change": lost[1] - lost[0],
        "service_change": float(served[1] - served[0]),
        "stock_change": float(stock["after_value"] - stock["before_value"]),
        "first_change": answer.first_change,
    }
