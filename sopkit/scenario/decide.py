"""From solved options to the decision sheet: changes, the proposal, the last day to decide."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sopkit.scenario.compare import compare_costs, compare_scenarios, find_first_change

SERVICE_TOLERANCE = 0.005
NOISE_SHARE = 1e-4
NOTICE_DAYS = {"extra_shift": 30.0, "no_overtime": 0.0}


def decide_options(
    options: pd.DataFrame,
    scenario_month: pd.DataFrame,
    scenario_cost: pd.DataFrame,
    purchase_term: pd.DataFrame,
    cycle_period: pd.Timestamp,
    advice: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Put options into money and service against doing nothing, propose one, and date it.

    Margin is what the whole plan earns more: revenue less every cost of the plan, as
    `compare_costs` has it. The proposal is the option with the largest gain of margin; for a
    target, what its conflict advises, since its gain comes only if its demand does (without advice
    the highest level that is served within half a point of today's service), and for the gap to
    budget doing nothing (an upside cannot be ordered). The last day to decide is the first day of
    the month in which the proposed plan (or, where nothing is proposed, any option's) departs from
    the present one, less its notice: 30 days for a shift, the longest lead time for purchases; not
    before the cycle's first day.

    Args:
        options: what `list_options` returned.
        scenario_month: contract `scenario_month` with `base` and every option's scenario.
        scenario_cost: contract `scenario_cost` for the same scenarios.
        purchase_term: contract `purchase_term`.
        cycle_period: first planned month.
        advice: what `consensus.list_advice` returned: `action` and `chance_rate` by family.

    Returns:
        The options that could be solved, with `margin_value`, `service_rate`, `stock_value`
        (changes against base), `service_level_rate` (share served), `chance_rate` (that a target's
        demand comes nearer to it than to the plan; blank: not known), `recommended`, `due_date`.

    Example:
        A shift from May that gains 5 is proposed over nothing; decide by 1 April.
    """
    sums = compare_scenarios(scenario_month).set_index("scenario")
    options = _keep_solved(options, set(sums.index))
    named = options["scenario"]
    stock = sums["change_stock_value"]
    noise = NOISE_SHARE * float(sums["stock_value"]["base"])
    rows = options.assign(
        margin_value=named.map(compare_costs(scenario_cost)),
        service_rate=named.map(sums["change_service_rate"]),
        stock_value=named.map(stock.where(stock.abs() > noise, 0.0)),
        service_level_rate=named.map(sums["service_rate"]),
    )
    told = rows[["subject"]].where(rows["kind"] == "target")["subject"]
    known = advice if advice is not None else pd.DataFrame(columns=["action", "chance_rate"])
    rows["chance_rate"] = told.map(known["chance_rate"]).astype(float)
    rows["recommended"] = False
    for _, part in rows.assign(advised=told.map(known["action"])).groupby("decision", sort=False):
        rows.loc[_propose(part), "recommended"] = True
    rows["due_date"] = [
        _find_due(option, rows, scenario_month, purchase_term, cycle_period)
        for option in rows.to_dict("records")
    ]
    rows["due_date"] = rows["due_date"].astype("datetime64[ns]")
    return rows


def _keep_solved(options: pd.DataFrame, solved: set[str]) -> pd.DataFrame:
    """Return options with a plan, of decisions that have one besides doing nothing."""
    rows = options[options["scenario"].isin(solved)]
    other = rows.loc[rows["change"] != "keep", "decision"]
    return rows[rows["decision"].isin(other)].reset_index(drop=True)


def _propose(part: pd.DataFrame) -> Any:
    keep = part.index[0]
    if part["kind"].iloc[0] == "budget_gap":
        return keep
    advised = part.index[part["change"] == part["advised"]]
    if len(advised):
        return advised[0]
    if part["kind"].iloc[0] == "target":
        kept = part[(part["service_rate"] >= -SERVICE_TOLERANCE) & (part["margin_value"] >= 0)]
        return kept["margin_value"].idxmax() if len(kept) else keep
    gains = part["margin_value"]
    return gains.idxmax() if gains.max() > 0 else keep


def _find_due(
    option: dict[Any, Any],
    rows: pd.DataFrame,
    scenario_month: pd.DataFrame,
    purchase_term: pd.DataFrame,
    cycle_period: pd.Timestamp,
) -> pd.Timestamp:
    part = rows[rows["decision"] == option["decision"]]
    chosen = part[part["recommended"] & (part["change"] != "keep")]
    chosen = chosen if len(chosen) else part[part["change"] != "keep"]
    dates = []
    for other in chosen.to_dict("records"):
        first = find_first_change(scenario_month, other["scenario"])
        start = other["first_period"] if first is None else first
        dates.append(start - pd.Timedelta(days=_notice(other, purchase_term)))
    return max(min(dates, default=cycle_period), cycle_period)


def _notice(option: dict[Any, Any], purchase_term: pd.DataFrame) -> float:
    if option["change"] != "more_supply" or option["cause"] == "lane":
        return NOTICE_DAYS.get(str(option["change"]), 0.0)
    named = "supplier" if option["cause"] == "supplier" else "item"
    terms = purchase_term[purchase_term[named] == option["subject"]]
    return float(terms["lead_time_days"].max()) if len(terms) else 0.0
