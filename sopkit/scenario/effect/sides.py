"""With and without: what a decision's diff says of both sides of the comparison.

A diff holds the words of `supply.whatif`, and three that only look back::

    - build: COLA              # more was made than the plan asked, of a family or an item
      from: 2026-08
      change: +120000 units    # a month, as far as the lines' hours allow
    - forecast: sales          # whose forecast is planned from
      instead: marketing       # without it: what was agreed, or the mean of the streams
    - supplier: S14            # a supplier that came in
      from: 2026-05

The company's tables and orders already hold what was carried out. So with the decision the words of
`supply.whatif` change nothing, and without it each is undone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.supply import Change, SupplyTables, list_codes, read_changes
from sopkit.tables import ALL

Block = Mapping[str, str]
LOOKING_BACK = ("build", "forecast", "supplier")
_CN = {"预生产": "build", "预测": "forecast", "供应商": "supplier", "代替": "instead"}
_UNITS = re.compile(r"\+?\s*(\d[\d,]*\.?\d*)\s*(units|unit|件)?")


@dataclass(frozen=True)
class Build:
    """Made on top of the plan: `qty` units a month of a family or an item."""

    code: str
    qty: float
    first: pd.Timestamp
    last: pd.Timestamp


@dataclass(frozen=True)
class Side:
    """One side of the comparison.

    Args:
        stream: whose forecast is planned from; blank: the usual one.
        builds: what is made on top of the plan.
        undone: changes that take what the decision brought out of the company's tables.
    """

    stream: str = ""
    builds: tuple[Build, ...] = ()
    undone: tuple[Change, ...] = ()


def list_sides(
    blocks: Sequence[Block], tables: SupplyTables, periods: pd.DatetimeIndex, name: str
) -> tuple[Side, Side]:
    """Return the sides with and without a decision that was carried out.

    Args:
        blocks: words and texts of its diff.
        tables: the company's network.
        periods: months the diff may name.
        name: of the decision, for messages.

    Raises:
        InputError: a word or code nobody knows, or a change that cannot be undone because what was
            there before is not said (`45 days`, not `+10 days`).

    Example:
        +10 % of a line's hours, done: with it the tables as they are, without it hours / 1.1.
    """
    plain = [{_CN.get(str(k), str(k)): str(v) for k, v in one.items()} for one in blocks]
    own = [one for one in plain if set(one) & set(LOOKING_BACK)]
    asked = [one for one in plain if not set(one) & set(LOOKING_BACK)]
    problems: list[str] = []
    trusted = [one for one in own if "forecast" in one]
    builds = [_read_build(one, tables, periods, problems) for one in own if "build" in one]
    outages = [_read_supplier(one, tables, periods, problems) for one in own if "supplier" in one]
    if problems:
        raise InputError(list_problems(f"{name} cannot be looked back on", problems, ADVICE))
    changes = read_changes(asked, list_codes(tables, tables.item.assign(
        location=ALL, customer=ALL), periods), name) if asked else []  # fmt: skip
    undone = [undo(change, name) for change in changes]
    known = tuple(one for one in builds if one is not None)
    out = tuple(one for one in outages if one is not None)
    with_it = Side(trusted[0]["forecast"] if trusted else "", known)
    without = Side(trusted[0].get("instead", "") if trusted else "", (), (*undone, *out))
    return with_it, without


ADVICE = "Correct its diff; what a change may say stands in sopkit.scenario.effect.sides."


def undo(change: Change, name: str = "The decision") -> Change:
    """Return the change that takes another one back.

    Raises:
        InputError: what was there before is not said.

    Example:
        +25 % is undone by -20 %, +40 hours by -40 hours.
    """
    if change.sets or change.kind == "outage" or change.unit not in ("rate", "hours", "days",
                                                                     "units"):  # fmt: skip
        problem = f"{change.describe()} cannot be undone: what was there before is not said"
        raise InputError(list_problems(f"{name} cannot be looked back on", [problem], ADVICE))
    if change.unit != "rate":
        return replace(change, amount=-change.amount)
    if change.amount <= -1:
        problem = f"{change.describe()} cannot be undone: nothing was left"
        raise InputError(list_problems(f"{name} cannot be looked back on", [problem], ADVICE))
    return replace(change, amount=1 / (1 + change.amount) - 1)


def find_first(blocks: Sequence[Block], otherwise: pd.Timestamp) -> pd.Timestamp:
    """Return the first month in which a decision has an effect: the earliest its diff names."""
    texts = [str(v) for one in blocks for k, v in one.items() if str(k) in ("from", "从")]
    months = [pd.Timestamp(f"{text}-01") for text in texts if re.fullmatch(r"\d{4}-\d{2}", text)]
    return min(months, default=otherwise)


def _read_months(
    block: Block, periods: pd.DatetimeIndex, problems: list[str]
) -> tuple[pd.Timestamp, pd.Timestamp]:
    found = {}
    for word, usual in (("from", periods[0]), ("to", None)):
        text = block.get(word, "")
        if text and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
            problems.append(f"`{word}`: {text} is no month, such as 2026-08")
        elif text:
            found[word] = pd.Timestamp(f"{text}-01")
        elif usual is not None:
            found[word] = pd.Timestamp(usual)
    first = found.get("from", periods[0])
    return first, found.get("to", first if "build" in block else periods[-1])


def _read_build(
    block: Block, tables: SupplyTables, periods: pd.DatetimeIndex, problems: list[str]
) -> Build | None:
    first, last = _read_months(block, periods, problems)
    code = block["build"]
    known = {*tables.item["item"].astype(str), *tables.item["family"].dropna().astype(str)}
    known |= set(tables.resource["resource"].astype(str))
    size = _UNITS.fullmatch(block.get("change", "").strip())
    if code not in known:
        problems.append(f"`build`: no such item, family or resource: {code}")
    if size is None:
        problems.append(f"`change`: {block.get('change') or 'missing'}; write +5000 units")
    if code not in known or size is None:
        return None
    return Build(code, float(size.group(1).replace(",", "")), first, last)


def _read_supplier(
    block: Block, tables: SupplyTables, periods: pd.DatetimeIndex, problems: list[str]
) -> Change | None:
    """Return the outage that takes a supplier out again."""
    first, last = _read_months(block, periods, problems)
    code, item = block["supplier"], block.get("item", ALL)
    terms = tables.purchase_term
    if not ((terms["supplier"] == code) & ((terms["item"] == item) | (item == ALL))).any():
        problems.append(f"`supplier`: {code} has no purchase term of item {item}")
        return None
    return Change("outage", "supplier", code, first, last, unit="", item=item)
