"""A scenario is a small diff of the plan's inputs: a name, an owner, a reason, a few blocks.

In a file, a list::

    - name: line2                    # short, of letters, digits, - and _
      title: Line 2 runs longer from May
      owner: production
      reason: crew agreed in October
      diff:
        - capacity: LINE2
          from: 2027-05
          to: 2027-08
          change: +10 %

Title, owner and reason may be given in both languages, `中文 / English`. The words of a block stand
in `supply.whatif`. Whoever keeps scenarios keeps this text; it is applied anew to each month's
data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sopkit.errors import InputError, list_problems

Block = Mapping[str, str]
ORIGINS = ("range", "option", "conflict", "file", "book")
RESERVED = ("base", "downside", "upside")
ENDS = {"downside": "P10", "upside": "P90"}
_NAME = re.compile(r"[\w\-]+")
_WORDS = {
    "名称": "name", "标题": "title", "负责人": "owner", "原因": "reason", "改动": "diff",
}  # fmt: skip
_KNOWN = ("name", "title", "owner", "reason", "diff")


@dataclass(frozen=True)
class Scenario:
    """A plan under other assumptions, as a diff.

    Args:
        name: short name; the key of its results.
        title: for people; blank where the blocks say all.
        owner: who stands for it.
        reason: why it is asked.
        origin: range, option, conflict, file or book.
        blocks: words and texts of each change.
    """

    name: str
    title: str
    owner: str
    reason: str
    origin: str
    blocks: tuple[Block, ...]


def list_range() -> list[Scenario]:
    """Return both ends of the demand range as scenarios, `downside` (P10) and `upside` (P90)."""
    return [
        Scenario(name, "", "", "", "range", ({"demand": "all", "change": end},))
        for name, end in ENDS.items()
    ]


def parse_blocks(text: str, name: str = "The diff") -> list[dict[str, str]]:
    """Return the blocks of a diff's YAML text, every cell as it is written.

    Raises:
        InputError: the text is no YAML, or no list of blocks.
    """
    import yaml

    try:
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise InputError(f"{name} cannot be read as YAML: {error}") from error
    blocks = _take_list(content)
    if blocks is None:
        raise InputError(
            f"{name} holds no list of changes; a change begins with `- capacity: LINE2`, say."
        )
    return [_to_texts(block) for block in blocks]


def write_blocks(blocks: Sequence[Block]) -> str:
    """Return blocks as YAML text, as a planbook keeps them; `parse_blocks` reads it back."""
    import yaml

    rows = [{str(k): str(v) for k, v in block.items()} for block in blocks]
    return str(yaml.safe_dump(rows, allow_unicode=True, sort_keys=False))


def write_scenarios(scenarios: Sequence[Scenario]) -> str:
    """Return scenarios as the YAML text of a file; `read_scenarios` reads its content back."""
    import yaml

    rows = []
    for one in scenarios:
        words = {name: getattr(one, name) for name in ("name", "title", "owner", "reason")}
        diff = [{str(k): str(v) for k, v in block.items()} for block in one.blocks]
        rows.append({**{name: text for name, text in words.items() if text}, "diff": diff})
    return str(yaml.safe_dump(rows, allow_unicode=True, sort_keys=False))


def read_scenarios(content: Any, origin: str = "file", name: str = "The file") -> list[Scenario]:
    """Return the scenarios of a file's content, in its order.

    Args:
        content: what the YAML holds, every cell a text: a list of scenarios, under one word or not.
        origin: where they come from.
        name: of the file, for messages.

    Raises:
        InputError: no list, a scenario without name, owner or diff, a word nobody knows, a name
            twice or one that sopkit uses itself; all are named.
    """
    rows = _take_list(content)
    if rows is None:
        raise InputError(
            f"{name} holds no list of scenarios; one begins with `- name: more_hours`, say."
        )
    found: list[Scenario] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=1):
        cells = {_WORDS.get(str(key), str(key)): value for key, value in row.items()}
        wrong = _check_cells(cells)
        if cells.get("name") in [one.name for one in found]:
            wrong.append(f"the name {cells['name']} stands there twice")
        problems += [f"scenario {number}: {one}" for one in wrong]
        if not wrong:
            found.append(_to_scenario(cells, origin))
    if problems:
        raise InputError(list_problems(f"{name} cannot be read", problems, "Correct it."))
    return found


def to_scenarios(records: pd.DataFrame) -> list[Scenario]:
    """Return the standing scenarios of the planbook; of one name, the one entered last.

    Args:
        records: planbook records of kind scenario: `number`, `name`, `title`, `owner`, `reason`,
            `diff` (YAML text), `status`, oldest first.

    Raises:
        InputError: the diff of a record is no list of blocks.
    """
    standing = records[records["status"] == "active"].drop_duplicates("name", keep="last")
    return [
        Scenario(
            name=str(row["name"]),
            title=_text(row.get("title")),
            owner=_text(row.get("owner")),
            reason=_text(row.get("reason")),
            origin="book",
            blocks=tuple(parse_blocks(str(row["diff"]), str(row["number"]))),
        )
        for row in standing.to_dict("records")
    ]


def _take_list(content: Any) -> list[dict[Any, Any]] | None:
    """Return a list of mappings, also where it stands under one word; None: it is none."""
    named = isinstance(content, dict) and len(content) == 1
    rows = next(iter(content.values())) if named else content
    fits = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    return rows if fits else None


def _to_texts(block: Mapping[Any, Any]) -> dict[str, str]:
    return {str(k): "" if v is None else str(v) for k, v in block.items()}


def _check_cells(cells: Mapping[str, Any]) -> list[str]:
    wrong = [f"{word!r} says nothing here" for word in cells if word not in _KNOWN]
    name = str(cells.get("name") or "")
    if not _NAME.fullmatch(name):
        wrong.append(f"`name`: {name or 'missing'}; letters, digits, - and _, no blank")
    elif name in RESERVED:
        wrong.append(f"`name`: {name} is a name of sopkit's own; take another")
    if not str(cells.get("owner") or "").strip():
        wrong.append("`owner` is missing: who stands for it?")
    if not _take_list(cells.get("diff")):
        wrong.append("`diff` is missing or no list of changes, such as `- capacity: LINE2`")
    return wrong


def _to_scenario(cells: Mapping[str, Any], origin: str) -> Scenario:
    blocks = _take_list(cells["diff"]) or []
    texts = {name: _text(cells.get(name)) for name in ("name", "title", "owner", "reason")}
    return Scenario(**texts, origin=origin, blocks=tuple(_to_texts(block) for block in blocks))


def _text(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value).strip()
