"""Where each scenario wins over the demand range: its gain at the low, agreed and high end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from sopkit.scenario.compare import compare_costs
from sopkit.scenario.fit import Fitted
from sopkit.scenario.solve import THREADS, Solved
from sopkit.supply import Case, Living
from sopkit.supply.solver.living import Answer, sum_earned
from sopkit.supply.whatif import Change, edit_demand
from sopkit.tables import TABLES, fit_columns

ENDS = {"low": "downside", "high": "upside"}
POSITIONS = {"low": -1.0, "agreed": 0.0, "high": 1.0}
NOT_CHOSEN = ("demand", "outage")
STEPS = 400


def solve_wins(
    case: Case,
    fitted: Sequence[Fitted],
    solved: Mapping[str, Solved],
    scenario_cost: pd.DataFrame,
    *,
    most: int = 8,
    time_limit: float = 300.0,
) -> pd.DataFrame:
    """Return what each scenario earns more than the base plan at each end of the demand range.

    At an end, base plan and scenario both answer the demand of that end; the scenario's own change
    of demand or price works on it. A scenario that sets demand to an end itself is not asked
    there, nor are those past the first `most`; what one can choose comes first.

    Args:
        case: network of the base plan.
        fitted: what `fit_scenarios` returned.
        solved: what `solve_diffs` returned, with `downside` and `upside`.
        scenario_cost: contract `scenario_cost` of the base plan and every scenario.
        most: most scenarios that are asked at the ends.
        time_limit: seconds a plan may take.

    Returns:
        Contract `scenario_win`, a row a scenario and end, `base` first with 0.

    Raises:
        PlanError: the solver found no plan.
    """
    own = [one for one in fitted if one.scenario.origin != "range" and not one.is_refused]
    asked = [one for one in own if all(c.unit != "end" for c in one.changes.values())]
    asked = sorted(asked, key=lambda one: not _is_choice(one))
    first: dict[tuple[Change, ...], Fitted] = {}
    for one in asked:
        first.setdefault(one.asks, one)
    asked = list(first.values())[:most]
    alike = {one.asks: one.scenario.name for one in asked}
    ends = {end: solved[name] for end, name in ENDS.items() if name in solved}

    wanted = {
        (end, one.scenario.name): edit_demand(
            solved[ENDS[end]].demand, list(one.changes.values()), one.case.tables.item
        )
        for end in ends
        for one in asked
    }

    def ask_end(name: str) -> dict[str, float]:
        end = ends[name]
        living = Living(case, end.demand, plan=end.plan, time_limit=time_limit)
        at_base = sum_earned(living.base)
        return {
            one.scenario.name: sum_earned(
                _answer(one, wanted[name, one.scenario.name], living, solved)
            )
            - at_base
            for one in asked
        }

    with ThreadPoolExecutor(THREADS) as pool:
        found = dict(zip(ends, pool.map(ask_end, ends), strict=True))
    found["agreed"] = {str(name): gain for name, gain in compare_costs(scenario_cost).items()}
    same = {one.scenario.name: alike.get(one.asks, one.scenario.name) for one in own}
    names = {"base": "base", **same}
    rows = [
        (name, end, 0.0 if name == "base" else found.get(end, {}).get(solved_as, np.nan))
        for name, solved_as in names.items()
        for end in POSITIONS
    ]
    table = TABLES["scenario_win"]
    return fit_columns(pd.DataFrame(rows, columns=["scenario", "end", "gain_value"]), table)


def _answer(
    one: Fitted, wanted: pd.DataFrame, living: Living, solved: Mapping[str, Solved]
) -> Answer:
    """Return what answers a scenario at an end of the range.

    Lead times make another model, which is far from the base plan's; there the scenario's own plan
    is the nearer start.
    """
    if any(change.kind == "lead_time" for change in one.changes.values()):
        own = solved[one.scenario.name].plan
        return Living(one.case, wanted, plan=own, time_limit=living.time_limit).base
    return living.ask(one.case, wanted)


def _is_choice(one: Fitted) -> bool:
    return not any(change.kind in NOT_CHOSEN for change in one.changes.values())


def list_choices(scenario_diff: pd.DataFrame) -> list[str]:
    """Return the scenarios that one can decide on: no change of demand or outage is in them.

    Args:
        scenario_diff: contract `scenario_diff`.
    """
    happens = scenario_diff["kind"].isin(NOT_CHOSEN).groupby(scenario_diff["scenario"]).any()
    refused = (scenario_diff["state"] == "refused").groupby(scenario_diff["scenario"]).any()
    named = scenario_diff["scenario"].drop_duplicates()
    return [str(name) for name in named if not happens[name] and not refused[name]]


def find_best(gains: pd.Series, choices: Sequence[str]) -> str:
    """Return the choice that gains most at agreed demand; `base` where none gains.

    Args:
        gains: gain against the base plan, by scenario (`compare_costs`).
        choices: scenarios to choose from.
    """
    asked = gains[gains.index.isin(choices)].sort_index()
    return str(asked.idxmax()) if len(asked) and asked.max() > 0 else "base"


def find_winners(scenario_win: pd.DataFrame, choices: Sequence[str]) -> pd.DataFrame:
    """Return which choice earns most along the demand range, from its low to its high end.

    Gains between the ends are taken along straight lines. Where nothing gains, the base plan wins.

    Args:
        scenario_win: contract `scenario_win`.
        choices: scenarios to choose from besides the base plan; those not asked are left out.

    Returns:
        `scenario`, `first_position`, `last_position` (-1 low, 0 agreed, 1 high), in that order.

    Example:
        A gains 0, 1, 2 at low, agreed, high and B gains 1 throughout: B from -1 to 0, then A.
    """
    wide = scenario_win.pivot(index="scenario", columns="end", values="gain_value")
    wide = wide.reindex(columns=list(POSITIONS)).dropna()
    names = ["base", *(name for name in choices if name in wide.index)]
    at = np.linspace(-1.0, 1.0, STEPS + 1)
    lines = np.array([np.interp(at, list(POSITIONS.values()), wide.loc[name]) for name in names])
    best = np.argmax(np.round(lines, 2), axis=0)
    starts = np.flatnonzero(np.append(True, best[1:] != best[:-1]))
    ends = np.append(starts[1:], STEPS)
    return pd.DataFrame(
        {
            "scenario": [names[best[start]] for start in starts],
            "first_position": at[starts],
            "last_position": at[ends],
        }
    )


def find_demand_at(position: float, scenario_month: pd.DataFrame) -> float:
    """Return the demand over all months shown at a position of the range [units].

    Args:
        position: -1 low, 0 agreed, 1 high; between them along straight lines.
        scenario_month: contract `scenario_month` with `downside`, `base` and `upside`.
    """
    sums = scenario_month.groupby("scenario")["demand_qty"].sum()
    return float(np.interp(position, [-1, 0, 1], sums[["downside", "base", "upside"]]))
