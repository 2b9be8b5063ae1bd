"""Scenarios applied to a month's data: exactly, with passed months cut off, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sopkit.errors import InputError
from sopkit.scenario.diffs import Block, Scenario
from sopkit.supply import Case
from sopkit.supply.whatif import (
    Change,
    Codes,
    Problem,
    Shift,
    change_case,
    find_changes,
    list_codes,
    to_plain_words,
    touches,
)
from sopkit.tables import TABLES, fit_columns

_KINDS = ("capacity", "overtime", "limit", "lead_time", "outage", "demand", "price", "cost")


@dataclass(frozen=True)
class Fitted:
    """A scenario on this month's data.

    Args:
        scenario: what was asked.
        changes: its changes by number of their block; blocks that have passed are left out.
        cut: blocks of which months have passed, with what was cut.
        problems: why it is refused; empty: it can be solved.
        case, demand: with the changes in effect; those of the base where it is refused.
    """

    scenario: Scenario
    changes: dict[int, Change]
    cut: dict[int, str]
    problems: tuple[Problem, ...]
    case: Case
    demand: pd.DataFrame

    @property
    def asks(self) -> tuple[Change, ...]:
        """The changes in the order of their blocks; scenarios of the same ones are the same."""
        return tuple(self.changes.values())

    @property
    def is_refused(self) -> bool:
        """Whether there is nothing to solve."""
        return bool(self.problems)


def fit_scenarios(
    case: Case,
    demand: pd.DataFrame,
    scenarios: Sequence[Scenario],
    shift: Shift | None = None,
) -> list[Fitted]:
    """Apply each scenario to this month's data, whole or not at all.

    Months that have passed are cut off: a block all of whose months have passed has no effect any
    more, and a scenario of such blocks alone is refused. It is refused as well when a block names
    a code that does not exist, when two of its blocks contradict each other, or when there is
    nothing for it to change.

    Args:
        case: network of the base plan.
        demand: contract `net_demand` of the base plan.
        scenarios: names differ.
        shift: gives demand at an end of its range; see `to_shift`.

    Raises:
        InputError: a name stands there twice.

    Example:
        A shift from 2027-05 to 2027-08, applied in June 2027: 2027-06 to 2027-08, May cut off.
    """
    names = [one.name for one in scenarios]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"Scenarios of one name: {', '.join(doubled)}. Rename or withdraw one.")
    codes = list_codes(case.tables, demand, case.periods)
    return [_fit_one(case, demand, one, codes, shift) for one in scenarios]


def _fit_one(
    case: Case, demand: pd.DataFrame, scenario: Scenario, codes: Codes, shift: Shift | None
) -> Fitted:
    blocks: dict[int, Block] = {}
    cut: dict[int, str] = {}
    for number, block in enumerate(scenario.blocks, start=1):
        rest, told = cut_months(block, case.periods[0])
        if told:
            cut[number] = told
        if rest is not None:
            blocks[number] = rest
    if not blocks:
        why = Problem(1, "past", ", ".join(cut.values()))
        return Fitted(scenario, {}, cut, (why,), case, demand)
    numbers = list(blocks)
    found, wrong = find_changes(list(blocks.values()), codes)
    changes = {numbers[at - 1]: change for at, change in found.items()}
    problems = tuple(Problem(numbers[one.block - 1], one.kind, one.text) for one in wrong)
    if problems:
        return Fitted(scenario, changes, cut, problems, case, demand)
    try:
        changed, wanted = change_case(case, demand, list(changes.values()), shift)
    except InputError as error:
        why = Problem(_find_block(str(error), changes), "nothing", str(error))
        return Fitted(scenario, changes, cut, (why,), case, demand)
    return Fitted(scenario, changes, cut, (), changed, wanted)


def _find_block(text: str, changes: dict[int, Change]) -> int:
    """Return the block that an error speaks of; the first where it names none."""
    named = [number for number, one in changes.items() if text.startswith(one.describe())]
    return named[0] if named else min(changes)


def cut_months(block: Block, first: pd.Timestamp) -> tuple[Block | None, str]:
    """Return a block without the months before the first one planned, and what was cut.

    Args:
        first: first planned month.

    Returns:
        The block (None where all its months have passed; as it is where it names none), and the
        months cut off; blank where none were.

    Example:
        From 2027-05 to 2027-08, first planned month 2027-06: from 2027-06, cut `2027-05`.
    """
    cells = to_plain_words(block)
    start, end = (_to_month(cells.get(word, "")) for word in ("from", "to"))
    last = start if end is None else end
    if start is None or last is None or start >= first or last < start:
        return block, ""
    gone = min(last, first - pd.DateOffset(months=1))
    told = f"{start:%Y-%m}" + (f" to {gone:%Y-%m}" if gone > start else "")
    if last < first:
        return None, told
    return {**cells, "from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"}, told


def _to_month(text: str) -> pd.Timestamp | None:
    try:
        return pd.to_datetime(text, format="%Y-%m") if text else None
    except ValueError:
        return None


def list_diffs(fitted: Sequence[Fitted], codes: Codes) -> pd.DataFrame:
    """Return what each scenario changes and what became of it, as contract `scenario_diff`.

    Args:
        fitted: what `fit_scenarios` returned.
        codes: what exists, to tell what two scenarios touch in common.

    Example:
        Two scenarios with hours of LINE2 in May: each names the other under `touches`.
    """
    clashes = find_clashes(fitted, codes)
    rows = [
        _describe_block(one, number, clashes.get((one.scenario.name, number), ()))
        for one in fitted
        for number in range(1, len(one.scenario.blocks) + 1)
    ]
    table = TABLES["scenario_diff"]
    return fit_columns(pd.DataFrame(rows), table) if rows else table.empty()


def find_clashes(fitted: Sequence[Fitted], codes: Codes) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return, by scenario and block, the other scenarios that change the same thing.

    Ends of the range and options of one decision are alternatives by nature and left out, and so
    is what is refused.
    """
    found: dict[tuple[str, int], list[str]] = {}
    standing = [one for one in fitted if not one.is_refused]
    for one in standing:
        for other in standing:
            if not _may_clash(one.scenario, other.scenario):
                continue
            for number, change in one.changes.items():
                if any(touches(change, theirs, codes) for theirs in other.changes.values()):
                    found.setdefault((one.scenario.name, number), []).append(other.scenario.name)
    return {key: tuple(names) for key, names in found.items()}


def _may_clash(one: Scenario, other: Scenario) -> bool:
    if one.name == other.name or "range" in (one.origin, other.origin):
        return False
    alike = one.origin == other.origin and one.origin in ("option", "conflict")
    return not (alike and one.name.rpartition("-")[0] == other.name.rpartition("-")[0])


def _describe_block(one: Fitted, number: int, clash: Sequence[str]) -> dict[str, object]:
    cells = to_plain_words(one.scenario.blocks[number - 1])
    change = one.changes.get(number)
    kind = next((word for word in cells if word in _KINDS), "unknown")
    state, why, detail = _judge_block(one, number)
    written = " ".join(f"{word} {text}" for word, text in cells.items()).strip()
    return {
        "scenario": one.scenario.name,
        "block": number,
        "title": one.scenario.title,
        "owner": one.scenario.owner,
        "reason": one.scenario.reason,
        "origin": one.scenario.origin,
        "kind": kind,
        "subject": cells.get(kind, "") if change is None else change.code,
        "size": cells.get("change", "") if change is None else change.size(),
        "first_period": None if change is None else change.first,
        "last_period": None if change is None else change.last,
        "said": written if change is None else change.describe(),
        "state": state,
        "why": why,
        "detail": detail,
        "touches": ", ".join(clash),
    }


def _judge_block(one: Fitted, number: int) -> tuple[str, str, str]:
    """Return the state of a block, why, and in words."""
    own = [problem for problem in one.problems if problem.block == number]
    if own:
        return "refused", own[0].kind, "; ".join(problem.text for problem in own)
    if number in one.cut:
        state = "refused" if one.is_refused else "cut"
        return state, "past", one.cut[number]
    if one.is_refused:
        return "refused", "other_block", str(one.problems[0].block)
    return "applied", "none", ""
