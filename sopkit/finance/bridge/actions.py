"""Actions that close a part of the bridge: what they should bring, what they cover, what came."""

from __future__ import annotations

import pandas as pd

from sopkit.finance.bridge.outlook import to_outlook
from sopkit.finance.bridge.parts import LEAF_PARTS, STEPS
from sopkit.finance.bridge.years import bridge_years
from sopkit.periods import to_cycle_period
from sopkit.tables import ALL, TABLES

GIVEN = ["fiscal_year", "part", "family"]
KEPT = [
    *("title", "owner", "due_date", "status", "cost_value", "chance_rate", "closure_value"),
]
LEAST_MOVED = 0.005
_NO_PLAN = TABLES["consensus_plan"].empty()
COVER = ["fiscal_year", "gap_value", "covered_value", "open_value", "action_count", "covered_rate"]


def measure_restated(
    budget_gap: pd.DataFrame,
    outlook: pd.DataFrame,
    past_history: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    cycle_period: pd.Timestamp,
    start_month: int = 1,
) -> pd.DataFrame:
    """Return what restated months of the past moved in every part of the bridge, since each cycle.

    Rule: today's bridge, less the bridge of today's outlook with the months that were actual in
    that cycle put back to what its books showed then; the difference is restated data, not
    somebody's doing. Prices, costs, budget and plan are today's on both sides.

    Args:
        budget_gap: today's bridge to budget.
        outlook: today's, from `to_outlook`.
        past_history: `demand_history` as earlier cycles had it, with `cycle`.
        budget, item, cost, cycle_period, start_month: as in `bridge_years`.

    Returns:
        `cycle`, `fiscal_year`, `part`, `family`, `restated_value` (margin).

    Example:
        September was 100 then and 104 now, margin 4 a unit: 16 of volume and mix are restated.
    """
    now = _sum_steps(budget_gap)
    frames = [pd.DataFrame(columns=["cycle", *GIVEN, "restated_value"])]
    for cycle, books in past_history.groupby("cycle", sort=True):
        first = min(to_cycle_period(str(cycle)), cycle_period)
        known = to_outlook(books.drop(columns="cycle"), _NO_PLAN, cost, first)
        later = outlook[~outlook["period"].isin(known["period"].unique())]
        then = pd.concat([known, later], ignore_index=True)
        gap, _ = bridge_years(then, budget, item, cost, cycle_period, start_month)
        moved = now.sub(_sum_steps(gap), fill_value=0.0)
        told = moved[moved.abs() > LEAST_MOVED].rename("restated_value").reset_index()
        frames.append(told.assign(cycle=cycle))
    kept = [frame for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else frames[0]


def _sum_steps(budget_gap: pd.DataFrame) -> pd.Series:
    rows = budget_gap[budget_gap["part"].isin(LEAF_PARTS) & (budget_gap["against"] == "budget")]
    return rows.groupby(GIVEN)["margin_value"].sum()


def value_actions(
    action: pd.DataFrame,
    budget_gap: pd.DataFrame,
    past_gap: pd.DataFrame,
    restated: pd.DataFrame,
    period: pd.Timestamp,
) -> pd.DataFrame:
    """Set every action beside its part of the bridge: what is expected of it and what came.

    Expected = chance x closure - cost; a blank chance counts 1, a blank cost 0. Realised = the
    part now - the part in the cycle that entered the action - what restated data moved since;
    actions on one part share it by what they were expected to close. It is what moved in that
    part, whatever moved it: proof of the action alone it is not. Without that cycle's bridge, or in
    that cycle itself, nothing is realised yet (blank).

    Args:
        action: planbook records of kind `action` that were not withdrawn.
        budget_gap: contract `budget_gap` of now.
        past_gap: the same of earlier cycles, with `cycle`.
        restated: `cycle` (since which), `fiscal_year`, `part`, `family`, `restated_value`.
        period: first planned month: an action due before and still open is late.

    Returns:
        Contract `bridge_action`, largest expectation first.

    Example:
        Volume of tea was -100 when "win back shop K" was entered (chance 0.5, closes 80, costs
        10) and is -70 now, of which 5 is restated: expected 30, realised 25.
    """
    if action.empty:
        return TABLES["bridge_action"].empty()
    rows = action.rename(columns={"number": "action", "cycle": "entered_cycle"})
    rows = rows[["action", "entered_cycle", *GIVEN, *KEPT]].reset_index(drop=True)
    rows = rows.assign(
        part=rows["part"].fillna(ALL),
        family=rows["family"].fillna(ALL),
        due_date=pd.to_datetime(rows["due_date"]),
        expected_value=rows["chance_rate"].astype(float).fillna(1.0)
        * rows["closure_value"].astype(float)
        - rows["cost_value"].astype(float).fillna(0.0),
        part_value=_find_part(rows, budget_gap),
    )
    rows = rows.assign(**_measure_realised(rows, past_gap, restated))
    rows = rows.assign(clash=_find_clash(rows, period))
    rows = rows.sort_values(["expected_value", "action"], ascending=[False, True], kind="stable")
    return rows[[column.name for column in TABLES["bridge_action"].columns]].reset_index(drop=True)


def _find_part(rows: pd.DataFrame, gap: pd.DataFrame, value: str = "margin_value") -> pd.Series:
    """Return the sum of the part (all: every step) and family (all) of each action's year."""
    steps = gap[gap["part"].isin(STEPS)]
    if "against" in steps:
        steps = steps[steps["against"] == "budget"]
    wide = [
        steps,
        steps.assign(family=ALL)[lambda x: steps["family"] != ALL],
        steps.assign(part=ALL),
        steps.assign(part=ALL, family=ALL)[lambda x: steps["family"] != ALL],
    ]
    sums = pd.concat(wide).groupby(GIVEN)[value].sum().astype(float)
    places = pd.MultiIndex.from_frame(rows[GIVEN])
    known_year = rows["fiscal_year"].isin(steps["fiscal_year"])
    known = known_year & rows["part"].isin((*STEPS, ALL))
    found = pd.Series(sums.reindex(places).fillna(0.0).to_numpy(), index=rows.index)
    families = {*steps["family"], ALL}
    return found.where(known & rows["family"].isin(families))


def _measure_realised(
    rows: pd.DataFrame, past_gap: pd.DataFrame, restated: pd.DataFrame
) -> dict[str, pd.Series]:
    then = pd.Series(float("nan"), index=rows.index)
    moved = then.copy()
    for cycle, part in rows.groupby("entered_cycle", sort=True):
        gap = past_gap[past_gap["cycle"] == cycle]
        if gap.empty:
            continue
        then[part.index] = _find_part(part, gap)
        since = restated[restated["cycle"] == cycle]
        moved[part.index] = _find_part(part, since, "restated_value").fillna(0.0)
    weight = rows["expected_value"].clip(lower=0).fillna(0.0)
    groups = [rows[name] for name in ("entered_cycle", *GIVEN)]
    total = weight.groupby(groups).transform("sum")
    count = weight.groupby(groups).transform("size")
    share = (weight / total.where(total > 0)).fillna(1.0 / count)
    realised = (rows["part_value"] - then - moved) * share
    return {"then_value": then, "restated_value": moved, "realised_value": realised}


def _find_clash(rows: pd.DataFrame, period: pd.Timestamp) -> pd.Series:
    is_open = rows["status"] == "open"
    found = pd.Series([None] * len(rows), index=rows.index, dtype=object)
    for name, wrong in (
        ("late", is_open & (rows["due_date"] < period)),
        ("no_date", is_open & rows["due_date"].isna()),
        ("no_amount", rows["closure_value"].isna()),
        ("no_part", rows["part_value"].isna()),
        ("no_owner", rows["owner"].isna() | (rows["owner"] == "")),
    ):
        found = found.mask(wrong, name)
    return found


def cover_gap(bridge_action: pd.DataFrame, years: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each year's gap open actions cover, and what is still open.

    Args:
        bridge_action: contract `bridge_action`; only open actions with an owner count: what is done
            stands in the plan already, what nobody owns covers nothing.
        years: what `bridge_years` described.

    Returns:
        `fiscal_year`, `gap_value`, `covered_value` (expected of the actions), `open_value` (what
        of a gap under budget is left; 0 where there is none), `action_count`, `covered_rate` of
        a gap under budget, blank without one.

    Example:
        Gap -100, actions expected to bring 30: 70 are still open, as -70.
    """
    owned = bridge_action["owner"].notna() & (bridge_action["owner"] != "")
    counted = bridge_action[(bridge_action["status"] == "open") & owned]
    sums = counted.groupby("fiscal_year")["expected_value"].agg(["sum", "size"])
    table = years[["fiscal_year", "gap_value"]].reset_index(drop=True)
    covered = table["fiscal_year"].map(sums["sum"]).fillna(0.0).astype(float)
    under = table["gap_value"].astype(float).clip(upper=0.0)
    return table.assign(
        covered_value=covered,
        open_value=(under + covered).clip(upper=0.0).where(under < 0, 0.0),
        action_count=table["fiscal_year"].map(sums["size"]).fillna(0).astype("int64"),
        covered_rate=(covered / -under.where(under < 0)),
    )[COVER]
