"""Why a block was refused, as messages: sentences of what-if questions, told in any language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Message = tuple[str, Mapping[str, Any]]

# Sentences as sopkit.supply.whatif writes them; a name in brackets is a value of the message.
_SENTENCES = {
    "no_kind": r"one of .+ says what changes; here: none",
    "two_kinds": r"one of .+ says what changes; here: (?P<kinds>.+)",
    "odd_word": r"'(?P<word>.+)' says nothing here",
    "no_such": r"no such (?P<level>[a-z]+(?: or [a-z]+)*): (?P<code>.+)",
    "many": r"(?P<code>.+) is an? .+; write `(?P<kind>\w+): all` and narrow it",
    "same_code": r"(?P<code>.+) is .+; their codes must differ",
    "undated": r"`(?P<word>from|to)`: this holds for all months; leave the months out",
    "no_month": r"`(?P<word>from|to)`: (?P<text>.+) is no month, such as 2027-05",
    "outside": r"`(?P<word>from|to)`: (?P<text>.+) is outside the plan "
    r"\((?P<first>.+) to (?P<last>.+)\)",
    "to_alone": r"`to` without `from`",
    "backwards": r"`to` (?P<last>.+) lies before `from` (?P<first>.+)",
    "outage_size": r"`change`: an outage has none",
    "no_size": r"`change`: missing; write (?P<shown>.+)",
    "odd_size": r"`change`: (?P<text>.+); write (?P<shown>.+)",
    "no_sign": r"`change`: (?P<text>.+); say \+ or -: (?P<shown>.+)",
    "too_little": r"`change`: (?P<text>.+); less than nothing is left",
    "no_change": r"`change`: (?P<text>.+) changes nothing",
    "no_elasticity": r"`elasticity`: (?P<text>.+) is no number, such as -1\.2",
    "odd_elasticity": r"`elasticity`: (?P<text>.+); dearer sells less: a number from -20 to 0",
    "doubled": r".+ is doubled: block (?P<block>\d+) says .+",
    "contradicts": r".+ contradicts or doubles it: block (?P<block>\d+) says .+",
    "no_hours": r"(?P<code>.+) has no hours in the plan; it does not limit it\.",
    "people": r"The hours of (?P<code>.+) are those of its people; more hours need more heads .+",
    "no_limit": r".+: (?P<code>.+) has no limit \(max_qty in (?P<table>\w+)\)\.",
    "no_price": r".+: no price of (?P<code>.+) is known\.",
    "no_row": r".+: (?P<code>.+) has no row of item (?P<item>.+)\.",
    "no_demand": r".+: no demand under it in these months\.",
    "no_range": r".+: the range of demand is not known here\.",
    "no_share": r".+: a month without any demand cannot be shared out\.",
}  # fmt: skip
_PATTERNS = {key: re.compile(pattern, re.DOTALL) for key, pattern in _SENTENCES.items()}
_BETWEEN = re.compile(r"; (?!write |their |say |less |dearer |leave |here: |it does |more hours )")
_NEAR = re.compile(r"(?P<what>.+) \(perhaps (?P<near>.+)\)", re.DOTALL)


def tell_reason(detail: str) -> Message:
    """Return the reasons of a refused block as one message; a sentence nobody knows stands as is.

    Args:
        detail: column `detail` of contract `scenario_diff`, of why unknown, doubled or nothing.

    Example:
        >>> tell_reason("no such resource: L9")[0]
        'scenarios.refused.no_such'
    """
    return _join([_tell_sentence(one) for one in _BETWEEN.split(detail)])


def tell_past(detail: str) -> Message:
    """Return the months that were cut off as a message.

    Args:
        detail: column `detail` of contract `scenario_diff`, of why past: `2026-05 to 2026-07`.
    """
    spans = [span.split(" to ") for span in detail.split(", ")]
    return _join(
        [
            ("scenarios.refused.months", {"first": span[0], "last": span[-1]})
            if len(span) > 1
            else ("scenarios.refused.text", {"text": span[0]})
            for span in spans
        ]
    )


def _tell_sentence(text: str) -> Message:
    near = _NEAR.fullmatch(text)
    if near:
        said = _tell_sentence(near["what"])
        return "scenarios.refused.near", {"what": said, "near": near["near"].replace(", ", " / ")}
    for key, pattern in _PATTERNS.items():
        found = pattern.fullmatch(text)
        if found:
            values = {name: _tell_value(name, value) for name, value in found.groupdict().items()}
            return f"scenarios.refused.{key}", values
    return "scenarios.refused.text", {"text": text}


def _tell_value(name: str, text: str) -> Any:
    if name == "level":
        return f"scenarios.level.{text.replace(' or ', '_')}", {}
    return {"shown": text.replace(" or ", " / "), "kinds": text.split(" and ")}.get(name, text)


def _join(messages: list[Message]) -> Message:
    if len(messages) == 1:
        return messages[0]
    return "scenarios.refused.two", {"first": messages[0], "rest": _join(messages[1:])}
