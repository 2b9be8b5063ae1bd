"""Decisions of earlier months, from wherever they were kept, as one list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.tables import TABLES, fit_columns

# What a record in the planbook means for looking back; a withdrawn one was never made.
STATUSES = {"open": "asked", "decided": "open", "done": "done", "dropped": "dropped"}
FROM_RECORD = ["title", "kind", "option", "owner", "due_date", "expected_value", "diff"]


def join_decisions(
    past_decision: pd.DataFrame, records: pd.DataFrame, asked: pd.DataFrame, cycle: str
) -> pd.DataFrame:
    """Return all decisions of earlier cycles: the company's file, the planbook, sopkit's tables.

    The newest word on a decision counts: its record in the planbook (status, option, owner, what
    it was expected to bring, its diff), then the company's file, then what sopkit asked for. Where
    a record leaves something blank, the option chosen in sopkit's table fills it (expected value:
    that option's margin); without a choice, the recommended one.

    Args:
        past_decision: contract `past_decision`, as the company gave it.
        records: decision records of the planbook, with `cycle`; may be without rows.
        asked: contract `decision` of past cycles, with `cycle`; may be without rows.
        cycle: this cycle; only what came before counts.

    Returns:
        Contract `past_decision`, newest cycle first. `status`: `open` (decided, not yet carried
        out), `done`, `dropped`, and `asked` (nobody recorded what became of it).

    Example:
        2026-11-D1 was asked for with options A and B (recommended, + 300), the planbook says B was
        decided, 280 expected: one row, option B, 280, open.
    """
    kept = records[(records["status"] != "withdrawn") & (records["cycle"].astype(str) < cycle)]
    kept = kept.assign(status=kept["status"].map(STATUSES).fillna("open"))
    kept = kept.sort_values(["decision", "number"], kind="stable").drop_duplicates(
        "decision", keep="last"
    )
    options = asked[asked["cycle"].astype(str) < cycle]
    known = _fit(kept).reset_index(drop=True)
    known = _fill(known, _choose(options, kept.set_index("decision")["option"]))
    given = past_decision[~past_decision["decision"].isin(known["decision"])]
    rest = options[~options["decision"].isin([*known["decision"], *given["decision"]])]
    left = _choose(rest, pd.Series(dtype=object)).assign(status="asked")
    parts = [_fit(part) for part in (known, given, left) if len(part)]
    rows = pd.concat(parts, ignore_index=True) if parts else _fit(past_decision)
    order = rows.sort_values(["cycle", "decision"], ascending=[False, True], kind="stable")
    return order.reset_index(drop=True)


def tell_titles(
    records: pd.DataFrame, asked: pd.DataFrame
) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return what sopkit's own decisions are about, as messages; people's titles stand as given.

    Args:
        records: decision records of the planbook; may be without rows.
        asked: contract `decision` of past cycles, with `cycle`; may be without rows.

    Returns:
        By number of the decision: `process.minutes.about` with its kind and subject.

    Example:
        2026-11-D1 was asked for by a run (shortage of TEA): told in the page's language.
    """
    own = records[records["author"] == "sopkit"]
    by_people = records.loc[records["author"] != "sopkit", "decision"]
    rows = pd.concat([one[["decision", "kind", "subject"]] for one in (asked, own) if len(one)]
                     or [own[["decision", "kind", "subject"]]])  # fmt: skip
    rows = rows[~rows["decision"].isin(by_people)].drop_duplicates("decision", keep="last")
    return {
        str(row["decision"]): (
            "process.minutes.about",
            {"kind": row["kind"], "subject": row["subject"]},
        )
        for row in rows.to_dict("records")
    }


def _fit(frame: pd.DataFrame) -> pd.DataFrame:
    return fit_columns(frame, TABLES["past_decision"])


def _choose(asked: pd.DataFrame, option: pd.Series) -> pd.DataFrame:
    """Return the chosen option of each decision asked for, else the recommended one."""
    wanted = asked["decision"].map(option)
    chosen = (asked["option"] == wanted) | (wanted.isna() & asked["recommended"].astype(bool))
    rows = asked[chosen].drop_duplicates("decision")
    return _fit(rows.assign(title=rows["subject"], expected_value=rows["margin_value"]))


def _fill(rows: pd.DataFrame, options: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with blanks filled from the option of the same decision."""
    same = rows[["decision"]].merge(options, on="decision", how="left", validate="one_to_one")
    filled = {}
    for name in FROM_RECORD:
        blank = rows[name].isna() | (rows[name].astype(str).str.strip() == "")
        filled[name] = rows[name].where(~blank, same[name])
    return rows.assign(**filled)
