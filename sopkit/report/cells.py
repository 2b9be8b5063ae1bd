"""How a table's columns are written: by suffix, by kind, by word of the catalogue, by label."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from sopkit.messages import Catalogue, full_digits, is_missing, keep_together
from sopkit.report.drawn import Amount, Drawn

_UNITS = {"qty": "", "value": "", "hours": "hours", "days": "days", "months": "months"}
_SIGNED = ("bias", "gap", "change", "value_added", "override_qty", "stream_qty")
_CODES = ("item", "component")
_PEOPLES = ("title", "reason", "settled_reason", "assumption")


@dataclass(frozen=True)
class TableCell:
    """One cell as shown: its HTML, a code beside it, whether it is a number, its judgement."""

    html: str | Markup
    code: str = ""
    number: bool = False
    tone: str = ""


def is_number(frame: pd.DataFrame, name: str) -> bool:
    """Return whether a column is shown as numbers: right-aligned, never wrapped."""
    values = frame[name].dropna().infer_objects()
    return (len(values) > 0 and isinstance(values.iloc[0], Amount)) or _is_numeric(values)


def _is_numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def heading_unit(t: Catalogue, name: str) -> str:
    """Return the unit that stands in a column's heading; rates carry theirs in the cells."""
    suffix = name.rpartition("_")[2]
    if suffix not in _UNITS:
        return ""
    words = {"qty": t.unit, "value": t.symbol}
    return words.get(suffix) or t(f"unit.{_UNITS[suffix]}")


def write_column(
    t: Catalogue, frame: pd.DataFrame, name: str, spec: str = "", compact: bool = False
) -> list[TableCell]:
    """Return a column's cells.

    Args:
        t: the language.
        frame: the table; only the rows that are shown.
        name: the column.
        spec: format of the catalogue; empty: by kind and suffix of the column.
        compact: True for amounts in three digits (¥ 4.9 M), False for whole figures.
    """
    values = frame[name].infer_objects()
    number = is_number(frame, name)
    if not spec and compact:
        spec = _compact_spec(name, values)
    if spec:
        return [_drawn(t, v) or _plain(t, t.show(v, spec), number) for v in values]
    if _is_numeric(values):
        return [TableCell(text, number=True) for text in _write_numbers(t, name, values)]
    if pd.api.types.is_datetime64_any_dtype(values):
        spec = "iso_day" if name.endswith("_date") else "ym"
        return [TableCell(t.show(v, spec) if not is_missing(v) else "") for v in values]
    return [_drawn(t, v) or _write_text(t, name, v) for v in values]


def _drawn(t: Catalogue, value: object) -> TableCell | None:
    if not isinstance(value, Drawn):
        return None
    return TableCell(value.render(t), number=isinstance(value, Amount))


def _plain(t: Catalogue, text: str, number: bool) -> TableCell:
    return TableCell(keep_together(text), number=number)


def _compact_spec(name: str, values: pd.Series) -> str:
    suffix = name.rpartition("_")[2]
    known = {"qty": "qty", "value": "money", "rate": "rate", "hours": "hours", "days": "days"}
    if suffix not in known or not pd.api.types.is_numeric_dtype(values):
        return ""
    signed = name.startswith(_SIGNED) and suffix in ("qty", "value", "rate")
    return f"signed_{known[suffix]}" if signed else known[suffix]


def _write_numbers(t: Catalogue, name: str, values: pd.Series) -> list[str]:
    rate = name.endswith(("_rate", "_share"))
    sign = name.startswith(_SIGNED)
    decimals = 1 if rate else _decimals(values)
    texts = []
    for value in values:
        if is_missing(value) or value is None:
            texts.append(t("format.missing"))
            continue
        text = full_digits(float(value) * (100 if rate else 1), decimals)
        plus = "+" if sign and value > 0 and any(c in "123456789" for c in text) else ""
        unit = ("\u00a0%" if t.lang == "en" else "%") if rate else ""
        texts.append(f"{plus}{text}{unit}")
    return texts


def _decimals(values: pd.Series) -> int:
    known = values.dropna().astype(float).abs()
    if known.empty or (known % 1 < 1e-9).all():
        return 0
    most = known.max()
    return 2 if most < 10 else 1 if most < 100 else 0


def _write_text(t: Catalogue, name: str, value: object) -> TableCell:
    if is_missing(value) or value == "":
        return TableCell("")
    if isinstance(value, (list, tuple)):
        return TableCell(t.show(value, f"label.{name}"))
    if isinstance(value, bool) or t.is_word(name):
        word = t.word(name, value)
        if isinstance(value, bool) and word in ("true", "false"):
            word = t("format.yes" if value else "format.no")
        return TableCell(word)
    label = t.text(value) if name in _PEOPLES else t.label(name, value)
    code = str(value) if name in _CODES and label != str(value) else ""
    return TableCell(keep_together(label), code=code)
