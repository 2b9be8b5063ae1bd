"""Changes of a plan's inputs as small records: what a planner asks "what if" about.

In a file, a list of blocks; the first word says what changes, its code which one::

    - capacity: LINE2          # hours of a resource
      from: 2027-05            # months; without them: all planned months
      to: 2027-08              # without it: the month of `from` alone
      change: +10 %            # of regular and overtime hours; or +80 hours a month (regular)
    - lead_time: V1            # of an operation, a supplier, or a lane (P1 > D1)
      item: M1                 # a supplier's: this item only
      change: +10 days         # or 45 days: so many from now on
    - outage: V1               # a supplier takes no order in these months
      from: 2027-02
    - demand: STEA             # of a family, an item, a customer, or all; orders in hand stay
      customer: K              # narrowed by item, location, customer
      from: 2027-05
      to: 2027-12
      change: +20 %            # or +500 units, or 12000 units a month over all it names
    - cost: V1                 # an operation's unit cost, or a supplier's price
      change: +5 %

A sign adds or takes away, no sign sets. Chinese words stand for the English ones: 产能 capacity,
提前期 lead_time, 停供 outage, 需求 demand, 成本 cost, 从 from, 到 to, 变化 change, 物料 item,
地点 location, 客户 customer; 小时 hours, 天 days, 件 units.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.supply.tables import SupplyTables
from sopkit.tables import ALL

KINDS = {
    "capacity": ("resource",),
    "lead_time": ("operation", "supplier", "lane"),
    "outage": ("supplier",),
    "demand": ("family", "item", "customer"),
    "cost": ("operation", "supplier"),
}
UNITS = {
    "capacity": ("rate", "hours"),
    "lead_time": ("rate", "days"),
    "outage": (),
    "demand": ("rate", "units"),
    "cost": ("rate",),
}
NARROWED = {
    "capacity": (),
    "lead_time": ("item",),
    "outage": ("item",),
    "demand": ("item", "location", "customer"),
    "cost": ("item",),
}
_WORDS = {
    "产能": "capacity", "提前期": "lead_time", "停供": "outage", "需求": "demand", "成本": "cost",
    "从": "from", "到": "to", "变化": "change", "物料": "item", "地点": "location",
    "客户": "customer",
}  # fmt: skip
_UNIT_WORDS = {
    "%": "rate", "hours": "hours", "hour": "hours", "h": "hours", "小时": "hours",
    "days": "days", "day": "days", "d": "days", "天": "days",
    "units": "units", "unit": "units", "件": "units",
}  # fmt: skip
_AMOUNT = re.compile(r"([+\-\u2212]?)\s*(\d[\d,]*\.?\d*)\s*(%|[^\W\d_]*)(?:\s+a\s+month)?")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_PLAIN = {"from", "to", "change"}


@dataclass(frozen=True)
class Change:
    """One change of a plan's inputs.

    Args:
        kind: capacity, lead_time, outage, demand or cost.
        level: what `code` is: resource, operation, supplier, lane, family, item, customer, all.
        code: which one; a lane is named `from > to`.
        first, last: months it holds.
        amount: a share (0.1 is + 10 %), hours, days or units a month; see `unit`.
        unit: rate, hours, days or units; blank for an outage.
        sets: whether the amount takes the place of what there is, instead of being added.
        item, location, customer: narrow it to one of each.

    Example:
        >>> first, last = pd.Timestamp("2027-05-01"), pd.Timestamp("2027-08-01")
        >>> Change("capacity", "resource", "LINE2", first, last, 0.1).describe()
        'capacity LINE2 2027-05 to 2027-08 +10 %'
    """

    kind: str
    level: str
    code: str
    first: pd.Timestamp
    last: pd.Timestamp
    amount: float = 0.0
    unit: str = "rate"
    sets: bool = False
    item: str = ALL
    location: str = ALL
    customer: str = ALL

    def on(self, value: float) -> float:
        """Return a value after the change; never below 0."""
        if self.unit == "rate":
            return max(value * (1.0 + self.amount), 0.0)
        return max(self.amount if self.sets else value + self.amount, 0.0)

    def describe(self) -> str:
        """Return the change as a line of codes and numbers."""
        narrowed = [
            f"{name} {getattr(self, name)}"
            for name in ("item", "location", "customer")
            if getattr(self, name) != ALL
        ]
        months = f"{self.first:%Y-%m}"
        months += f" to {self.last:%Y-%m}" if self.last > self.first else ""
        return " ".join([self.kind, self.code, *narrowed, months, self.size()]).strip()

    def size(self) -> str:
        """Return how much it changes: `+10 %`, `45 days`."""
        if not self.unit:
            return ""
        sign = "" if self.sets else "+"
        if self.unit == "rate":
            return f"{100 * self.amount:{sign}g} %"
        return f"{self.amount:{sign}g} {self.unit}"


@dataclass(frozen=True)
class Codes:
    """What exists: codes by level, the planned months, the family of each item."""

    known: Mapping[str, frozenset[str]]
    periods: pd.DatetimeIndex
    family_of: Mapping[str, str] = field(default_factory=dict)


def list_codes(tables: SupplyTables, demand: pd.DataFrame, periods: pd.DatetimeIndex) -> Codes:
    """Return the codes that changes may name.

    Args:
        demand: contract `net_demand`.
    """
    lane = tables.lane
    known = {
        "resource": tables.resource["resource"],
        "operation": tables.operation["operation"],
        "supplier": tables.purchase_term["supplier"],
        "lane": lane["from_location"] + " > " + lane["to_location"],
        "family": tables.item["family"].dropna(),
        "item": pd.concat([demand["item"], tables.operation["item"], tables.purchase_term["item"]]),
        "location": demand["location"],
        "customer": demand["customer"],
    }
    named = tables.item.dropna(subset="family")
    family_of = dict(zip(named["item"].astype(str), named["family"].astype(str), strict=True))
    every = {name: frozenset(map(str, codes)) for name, codes in known.items()}
    return Codes(every, periods, family_of)


def read_changes(
    blocks: Sequence[Mapping[str, str]], codes: Codes, name: str = "The changes"
) -> list[Change]:
    """Return changes from the blocks of a file.

    Args:
        blocks: words and texts of each block.
        name: of the file, for messages.

    Raises:
        InputError: an unknown word or code (with the nearest that is known), a month outside the
            plan, a size that is not understood, the same thing changed twice; all are named.
    """
    found: list[tuple[int, Change]] = []
    problems: list[str] = []
    for number, block in enumerate(blocks, start=1):
        change, wrong = _read_block(block, codes)
        problems += [f"block {number}: {one}" for one in wrong]
        if change is not None:
            found.append((number, change))
    problems += _find_doubled(found, codes)
    if not blocks:
        problems = ["there is no block; one begins with `- capacity: LINE2`, say"]
    if problems:
        advice = "Nothing was asked. Correct the file and try again."
        raise InputError(list_problems(f"{name} cannot be asked", problems, advice))
    return [change for _, change in found]


def _read_block(block: Mapping[str, str], codes: Codes) -> tuple[Change | None, list[str]]:
    cells = {_WORDS.get(str(key), str(key)): str(text).strip() for key, text in block.items()}
    kinds = [key for key in cells if key in KINDS]
    if len(kinds) != 1:
        told = "none" if not kinds else " and ".join(kinds)
        return None, [f"one of {', '.join(KINDS)} says what changes; here: {told}"]
    kind = kinds[0]
    code = cells[kind]
    level, problems = _find_level(kind, code, codes)
    problems += _odd_words(kind, cells)
    for narrow in NARROWED[kind]:
        if narrow in cells:
            problems += _unknown((narrow,), cells[narrow], codes)
    first, last, wrong = _read_months(kind, level, cells, codes.periods)
    amount, unit, sets, odd = _read_amount(kind, cells.get("change", ""))
    problems += [*wrong, *odd]
    if problems:
        return None, problems
    narrowed = {name: cells[name] for name in NARROWED[kind] if name in cells}
    return Change(kind, level, code, first, last, amount, unit, sets, **narrowed), []


def _odd_words(kind: str, cells: Mapping[str, str]) -> list[str]:
    allowed = {kind, *_PLAIN, *NARROWED[kind]}
    odd = [word for word in cells if word not in allowed and word not in KINDS]
    return [f"{word!r} says nothing here{_nearest(word, allowed)}" for word in odd]


def _find_level(kind: str, code: str, codes: Codes) -> tuple[str, list[str]]:
    """Return what a code is, of the levels that the kind of change may name."""
    if kind == "demand" and code in (ALL, "全部"):
        return ALL, []
    levels = [level for level in KINDS[kind] if code in codes.known[level]]
    if len(levels) > 1 and kind == "demand":
        return "", [f"{code} is a {' and a '.join(levels)}; write `demand: all` and narrow it"]
    if len(levels) > 1:
        return "", [f"{code} is {' and '.join(levels)}; their codes must differ"]
    if not levels:
        return "", _unknown(KINDS[kind], code, codes)
    return levels[0], []


def _unknown(levels: Sequence[str], code: str, codes: Codes) -> list[str]:
    known = frozenset().union(*(codes.known[level] for level in levels))
    if code in known:
        return []
    return [f"no such {' or '.join(levels)}: {code}{_nearest(code, known)}"]


def _nearest(word: str, known: Sequence[str] | frozenset[str] | set[str]) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.5)
    return f" (perhaps {', '.join(near)})" if near else ""


def _read_months(
    kind: str, level: str, cells: Mapping[str, str], periods: pd.DatetimeIndex
) -> tuple[pd.Timestamp, pd.Timestamp, list[str]]:
    """Return first and last month; a block without months holds for all of them."""
    problems, found = [], {}
    undated = kind == "lead_time" or (kind == "cost" and level == "operation")
    for word in ("from", "to"):
        text = cells.get(word, "")
        if text and undated:
            problems.append(f"`{word}`: this holds for all months; leave the months out")
        elif text and not _MONTH.fullmatch(text):
            problems.append(f"`{word}`: {text} is no month, such as 2027-05")
        elif text:
            found[word] = pd.Timestamp(f"{text}-01")
            if found[word] not in periods:
                span = f"{periods[0]:%Y-%m} to {periods[-1]:%Y-%m}"
                problems.append(f"`{word}`: {text} is outside the plan ({span})")
    if "to" in found and "from" not in found:
        problems.append("`to` without `from`")
    first = found.get("from", periods[0])
    last = found.get("to", first if "from" in found else periods[-1])
    if last < first:
        problems.append(f"`to` {last:%Y-%m} lies before `from` {first:%Y-%m}")
    return first, last, problems


def _read_amount(kind: str, text: str) -> tuple[float, str, bool, list[str]]:
    """Return how much, in what, whether it is set, and what is wrong with the text."""
    units = UNITS[kind]
    if not units:
        return 0.0, "", False, ["`change`: an outage has none"] if text else []
    shown = " or ".join({"rate": "+10 %"}.get(unit, f"+10 {unit}") for unit in units)
    parts = _AMOUNT.fullmatch(text)
    unit = _UNIT_WORDS.get(parts.group(3).lower(), "") if parts else ""
    if parts is None or unit not in units:
        return 0.0, "", False, [f"`change`: {text or 'missing'}; write {shown}"]
    sign, amount = parts.group(1), float(parts.group(2).replace(",", ""))
    if unit == "rate" and not sign:
        return 0.0, "", False, [f"`change`: {text}; say + or -: {shown}"]
    amount = -amount if sign in ("-", "\u2212") else amount
    if unit == "rate" and amount < -100:
        return 0.0, "", False, [f"`change`: {text}; less than nothing is left"]
    if amount == 0 and sign:
        return 0.0, "", False, [f"`change`: {text} changes nothing"]
    return amount / 100 if unit == "rate" else amount, unit, not sign, []


def _find_doubled(found: Sequence[tuple[int, Change]], codes: Codes) -> list[str]:
    """Return a line for each two changes of the same thing in the same month."""
    problems = []
    for place, (number, one) in enumerate(found):
        for earlier, other in found[:place]:
            if _touch(one, other, codes):
                same = "is doubled" if one == other else "contradicts or doubles it"
                problems.append(
                    f"block {number}: {one.describe()} {same}: block {earlier} says "
                    f"{other.describe()}"
                )
    return problems


def _touch(one: Change, other: Change, codes: Codes) -> bool:
    """Return whether two changes are about the same thing in a common month."""
    if one.kind != other.kind or one.first > other.last or other.first > one.last:
        return False
    if one.kind != "demand" and (one.level, one.code) != (other.level, other.code):
        return False
    scopes = [_scope(change, codes) for change in (one, other)]
    return all(a == b or ALL in (a, b) for a, b in zip(*scopes, strict=True))


def _scope(change: Change, codes: Codes) -> tuple[str, ...]:
    """Return what a change names: family, item, location, customer; `all` where it does not."""
    named = {"item": change.item, "location": change.location, "customer": change.customer}
    if change.level in ("family", *named):
        named[change.level] = change.code
    family = codes.family_of.get(named["item"], named.get("family", ALL))
    return (family, named["item"], named["location"], named["customer"])
