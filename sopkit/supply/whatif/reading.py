"""Changes read from the blocks of a file, and what is wrong with them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.supply.whatif.changes import END, KINDS, OF_DEMAND, Change, Codes
from sopkit.tables import ALL

UNITS = {
    "capacity": ("rate", "hours"),
    "overtime": ("rate", "hours"),
    "limit": ("rate", "units"),
    "lead_time": ("rate", "days"),
    "outage": (),
    "demand": ("rate", "units", END),
    "price": ("rate",),
    "cost": ("rate",),
}
NARROWED = {
    "capacity": (),
    "overtime": (),
    "limit": ("item",),
    "lead_time": ("item",),
    "outage": ("item",),
    "demand": ("item", "location", "customer"),
    "price": ("item", "customer"),
    "cost": ("item",),
}
_WORDS = {
    "产能": "capacity", "加班": "overtime", "上限": "limit", "提前期": "lead_time",
    "停供": "outage", "需求": "demand", "价格": "price", "成本": "cost", "从": "from", "到": "to",
    "变化": "change", "弹性": "elasticity", "物料": "item", "地点": "location", "客户": "customer",
}  # fmt: skip
_UNIT_WORDS = {
    "%": "rate", "hours": "hours", "hour": "hours", "h": "hours", "小时": "hours",
    "days": "days", "day": "days", "d": "days", "天": "days",
    "units": "units", "unit": "units", "件": "units",
}  # fmt: skip
_AMOUNT = re.compile(r"([+\-\u2212]?)\s*(\d[\d,]*\.?\d*)\s*(%|[^\W\d_]*)(?:\s+a\s+month)?")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_ENDS = {"P10": 0.1, "P90": 0.9}
_PLAIN = {"from", "to", "change"}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a block.

    Args:
        block: its number, from 1.
        kind: unknown (word, code, month or size) or doubled (against another block).
        text: in words.
    """

    block: int
    kind: str
    text: str


def to_plain_words(block: Mapping[str, str]) -> dict[str, str]:
    """Return a block with English words for what its cells are.

    Example:
        产能: L2, 变化: +10 % becomes capacity: L2, change: +10 %.
    """
    return {_WORDS.get(str(key), str(key)): str(text).strip() for key, text in block.items()}


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
    found, problems = find_changes(blocks, codes)
    lines = [f"block {one.block}: {one.text}" for one in problems]
    if not blocks:
        lines = ["there is no block; one begins with `- capacity: LINE2`, say"]
    if lines:
        advice = "Nothing was asked. Correct the file and try again."
        raise InputError(list_problems(f"{name} cannot be asked", lines, advice))
    return [found[number] for number in sorted(found)]


def find_changes(
    blocks: Sequence[Mapping[str, str]], codes: Codes
) -> tuple[dict[int, Change], list[Problem]]:
    """Return the changes that can be read, by number of their block, and what is wrong."""
    found: dict[int, Change] = {}
    problems: list[Problem] = []
    for number, block in enumerate(blocks, start=1):
        change, wrong = _read_block(block, codes)
        problems += [Problem(number, "unknown", text) for text in wrong]
        if change is not None:
            found[number] = change
    return found, problems + _find_doubled(found, codes)


def _read_block(block: Mapping[str, str], codes: Codes) -> tuple[Change | None, list[str]]:
    cells = to_plain_words(block)
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
    elastic, stiff = _read_elasticity(cells.get("elasticity", ""))
    problems += [*wrong, *odd, *stiff]
    if problems:
        return None, problems
    code = ALL if level == ALL else code
    narrowed = {name: cells[name] for name in NARROWED[kind] if name in cells}
    return Change(
        kind, level, code, first, last, amount, unit, sets, **narrowed, elasticity=elastic
    ), []


def _odd_words(kind: str, cells: Mapping[str, str]) -> list[str]:
    allowed = {kind, *_PLAIN, *NARROWED[kind], *(("elasticity",) if kind == "price" else ())}
    odd = [word for word in cells if word not in allowed and word not in KINDS]
    return [f"{word!r} says nothing here{_nearest(word, allowed)}" for word in odd]


def _find_level(kind: str, code: str, codes: Codes) -> tuple[str, list[str]]:
    """Return what a code is, of the levels that the kind of change may name."""
    if kind in OF_DEMAND and code in (ALL, "全部"):
        return ALL, []
    levels = [level for level in KINDS[kind] if code in codes.known[level]]
    if len(levels) > 1 and kind in OF_DEMAND:
        return "", [f"{code} is a {' and a '.join(levels)}; write `{kind}: all` and narrow it"]
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
    undated = kind == "lead_time" or (kind, level) in (("cost", "operation"), ("limit", "lane"))
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
    if END in units and text.upper() in _ENDS:
        return _ENDS[text.upper()], END, False, []
    shown = " or ".join(
        {"rate": "+10 %", END: "P90 or P10"}.get(unit, f"+10 {unit}") for unit in units
    )
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


def _read_elasticity(text: str) -> tuple[float, list[str]]:
    """Return how demand answers to price, 0 where nothing is written, and what is wrong."""
    if not text:
        return 0.0, []
    try:
        elasticity = float(text.replace("\u2212", "-"))
    except ValueError:
        return 0.0, [f"`elasticity`: {text} is no number, such as -1.2"]
    if not -20 <= elasticity <= 0:
        return 0.0, [f"`elasticity`: {text}; dearer sells less: a number from -20 to 0"]
    return elasticity, []


def _find_doubled(found: Mapping[int, Change], codes: Codes) -> list[Problem]:
    """Return a problem for each two changes of the same thing in the same month."""
    problems = []
    for number, one in found.items():
        for earlier, other in found.items():
            if earlier < number and touches(one, other, codes):
                same = "is doubled" if one == other else "contradicts or doubles it"
                text = f"{one.describe()} {same}: block {earlier} says {other.describe()}"
                problems.append(Problem(number, "doubled", text))
    return problems


def touches(one: Change, other: Change, codes: Codes) -> bool:
    """Return whether two changes are about the same thing in a common month."""
    if one.kind != other.kind or one.first > other.last or other.first > one.last:
        return False
    if one.kind not in OF_DEMAND and (one.level, one.code) != (other.level, other.code):
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
