"""The second sheet: how good a sender's past numbers were, and what became of the last ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sopkit.collect.answer import MIN_MONTHS
from sopkit.collect.layout import Sheet, name_columns, text_width
from sopkit.messages import Catalogue, is_missing

LAG_COLUMNS = ("lag", "month_count", "wape_rate", "reference_wape_rate", "bias_rate")
NUMBERS = (
    *("own_qty", "baseline_qty", "stream_qty", "override_qty", "agreed_qty", "actual_qty"),
    *("own_error_qty", "baseline_error_qty"),
)
SIGNED = {"stream_qty", "override_qty", "own_error_qty", "baseline_error_qty"}


@dataclass(frozen=True)
class Answer:
    """What one sender is told.

    Args:
        outcome: the sender's rows of `tell_outcome`.
        weight: the sender's row of `tell_weights`.
        lags: `score_by` of the sender by `lag`.
        months: months of history behind `lags`.
    """

    outcome: pd.DataFrame
    weight: dict[Any, Any]
    lags: pd.DataFrame
    months: int


def closed_sentence(sheet: Sheet, answer: Answer, t: Catalogue) -> str:
    """Return one sentence on the last month that can be compared."""
    known = answer.outcome[answer.outcome["actual_qty"].notna()]
    known = known[known["baseline_qty"].notna()]
    if known.empty:
        return t("collect.closed_none")
    last = known[known["period"] == known["period"].max()]
    return t(
        *("collect.closed",),
        cycle=sheet.own_cycle,
        p=last["period"].iloc[0],
        own=last["own_qty"].sum(),
        baseline=last["baseline_qty"].sum(),
        actual=last["actual_qty"].sum(),
        n=len(last),
        k=int((last["nearer"] == "own").sum()),
    )


def verdict_sentence(weight: dict[Any, Any], t: Catalogue) -> str:
    """Return why a sender's numbers count, or do not."""
    bias = weight["bias_used_rate"]
    leans = weight["verdict"] == "kept" and not is_missing(bias) and abs(bias) >= 0.005
    return t(
        f"collect.verdict.{'kept_bias' if leans else weight['verdict']}",
        bias=bias,
        stream=weight["stream"],
        weight=weight["weight_rate"],
        n=0 if is_missing(weight["month_count"]) else int(weight["month_count"]),
        own=weight["wape_rate"],
        reference=weight["reference_wape_rate"],
        least=MIN_MONTHS,
    )


def why_text(row: dict[Any, Any], weight: dict[Any, Any], t: Catalogue) -> str:
    """Return why a cell was agreed as it was, in a few words."""
    why = t(f"collect.why.{weight['verdict']}", weight=weight["weight_rate"])
    change = row["override_qty"]
    if is_missing(change) or abs(change) < 0.5:
        return why
    return t("collect.why.override", why=why, q=change)


def write_answer(
    page: Any, sheet: Sheet, answer: Answer, styles: dict[Any, Any], t: Catalogue
) -> None:
    """Write the second sheet; nothing on it is locked or read back."""
    page.hide_gridlines(2)
    page.write_string(0, 0, verdict_sentence(answer.weight, t), styles["title"])
    row = _write_lags(page, 2, answer, styles, t)
    _write_outcome(page, row + 1, sheet, answer, styles, t)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _write_lags(page: Any, row: int, answer: Answer, styles: dict[Any, Any], t: Catalogue) -> int:
    if answer.lags.empty:
        page.write_string(row, 0, t("collect.record_none"), styles["say"])
        return row + 1
    page.write_string(row, 0, t("collect.record_title", months=answer.months), styles["band"])
    page.write_string(row + 1, 0, t("collect.record_note"), styles["say"])
    shapes = ("number", "number", "rate", "rate", "signed_rate")
    for column, name in enumerate(LAG_COLUMNS):
        page.write_string(row + 2, column, t(f"collect.col.{name}"), styles["head_number"])
        for line, value in enumerate(answer.lags[name], row + 3):
            if not is_missing(value):
                page.write_number(line, column, float(value), styles[shapes[column]])
    return row + 3 + len(answer.lags)


def _write_outcome(
    page: Any, row: int, sheet: Sheet, answer: Answer, styles: dict[Any, Any], t: Catalogue
) -> None:
    if answer.outcome.empty:
        page.write_string(row, 0, t("collect.outcome_none"), styles["say"])
        return
    title = t("collect.outcome_title", cycle=sheet.own_cycle)
    page.write_string(row, 0, title, styles["band"])
    page.write_string(row + 1, 0, t("collect.outcome_note"), styles["say"])
    names = name_columns(sheet.rows)
    columns = [*names, "month", *NUMBERS, "nearer", "why"]
    for column, name in enumerate(columns):
        style = styles[
            "head_number" if name in NUMBERS else "head_in" if name == "nearer" else "head"
        ]
        page.write_string(row + 2, column, t(f"collect.col.{name}"), style)
        if name in names:
            texts = [_word(name, told, answer, t) for told in answer.outcome.to_dict("records")]
            page.set_column(column, column, text_width([t(f"collect.col.{name}"), *texts]))
        else:
            page.set_column(column, column, 44 if name == "why" else 12)
    for line, told in enumerate(answer.outcome.to_dict("records"), row + 3):
        for column, name in enumerate(columns):
            if name in NUMBERS:
                if not is_missing(told[name]):
                    shape = styles["signed" if name in SIGNED else "number"]
                    page.write_number(line, column, round(float(told[name]), 1), shape)
            else:
                style = styles["text_in" if name == "nearer" else "text"]
                page.write_string(line, column, _word(name, told, answer, t), style)
    page.autofilter(row + 2, 0, row + 2 + len(answer.outcome), len(columns) - 1)


def _word(name: str, told: dict[Any, Any], answer: Answer, t: Catalogue) -> str:
    if name == "month":
        return t.show(told["period"], "ym")
    if name == "nearer":
        return t(f"collect.nearer.{told['nearer']}") if told["nearer"] else ""
    if name == "why":
        return why_text(told, answer.weight, t)
    if name == "item":
        return str(told["item"])
    return t.label(name.removesuffix("_name"), told[name.removesuffix("_name")])
