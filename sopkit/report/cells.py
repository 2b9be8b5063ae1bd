"""How a table's columns are written: by suffix, by kind, by word, by label; and drawn cells.

`Say`, `Amount`, `Band` and `Spark` are cells that write themselves in the language asked for; a
column of a frame may hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import pandas as pd
from markupsafe import Markup

from sopkit.messages import Catalogue, full_digits, is_missing, keep_together

Tone = Literal["good", "warn", "bad"]
_UNITS = {"qty": "", "value": "", "hours": "hours", "days": "days", "months": "months"}
_SIGNED = ("bias", "gap", "change", "value_added", "override_qty", "stream_qty")
_CODES = ("item", "component")


@runtime_checkable
class Drawn(Protocol):
    """A cell that writes itself in a language."""

    def render(self, t: Catalogue) -> Markup:
        """Return the cell's HTML."""


@dataclass(frozen=True)
class Say:
    """A message as a cell: its key and the values it asks for."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def render(self, t: Catalogue) -> Markup:
        """Return the message, escaped."""
        return Markup("{}").format(keep_together(t(self.key, **self.values)))


@dataclass(frozen=True)
class Amount:
    """A value with its own format, where the rows of a column have different units."""

    value: object
    spec: str

    def render(self, t: Catalogue) -> Markup:
        """Return the value in its format."""
        return Markup("{}").format(keep_together(t.show(self.value, self.spec)))


@dataclass(frozen=True)
class Band:
    """A value against its target band: bar is the band, dot the value.

    Args:
        value: the value; missing shows as such.
        low: low end of the band, or None where only the high end counts.
        high: high end of the band, or None where only the low end counts.
        tone: the verdict, which colours the dot.
        spec: format of the numbers in the text for readers who do not see the drawing.
    """

    value: float | None
    low: float | None
    high: float | None
    tone: Tone | None = None
    spec: str = "number"

    def render(self, t: Catalogue) -> Markup:
        """Return the drawing, 150 by 18 pixels, with its text."""
        if is_missing(self.value):
            return Markup("{}").format(t("format.missing"))
        start, end = self._ends()
        low = start if is_missing(self.low) else self._place(self.low, start, end)
        high = end if is_missing(self.high) else self._place(self.high, start, end)
        low = 4.0 if is_missing(self.low) else low
        high = 146.0 if is_missing(self.high) else high
        return _BAND.format(
            text=self._text(t),
            low=f"{low:.1f}",
            width=f"{max(high - low, 1):.1f}" if self._has_band() else "0",
            dot=f"{self._place(self.value, start, end):.1f}",
            tone=self.tone or "none",
        )

    def _has_band(self) -> bool:
        return not (is_missing(self.low) and is_missing(self.high))

    def _ends(self) -> tuple[float, float]:
        known = [float(v) for v in (self.value, self.low, self.high) if not is_missing(v)]  # type: ignore[arg-type]
        least, most = min(known), max(known)
        room = (most - least) * 0.45 or abs(most) * 0.25 or 1.0
        return least - room, most + room

    @staticmethod
    def _place(value: float | None, start: float, end: float) -> float:
        return 4 + 142 * ((value or 0.0) - start) / (end - start)

    def _text(self, t: Catalogue) -> str:
        ends = {"low": is_missing(self.low), "high": is_missing(self.high)}
        which = {(False, False): "band", (False, True): "band_low", (True, False): "band_high"}
        key = which.get((ends["low"], ends["high"]), "band_none")
        shown = {name: t.show(getattr(self, name), self.spec) for name in ("value", "low", "high")}
        return t(f"part.{key}", **shown)


_BAND = Markup(
    '<svg class="band" width="150" height="18" viewBox="0 0 150 18" role="img" aria-label="{text}">'
    '<title>{text}</title><line x1="4" x2="146" y1="9" y2="9"/>'
    '<rect x="{low}" y="5" width="{width}" height="8" rx="2"/>'
    '<circle class="{tone}" cx="{dot}" cy="9" r="5"/></svg>'
)


@dataclass(frozen=True)
class Spark:
    """The last months of a value as a small line; missing months leave a gap."""

    values: Sequence[float]
    spec: str = "number"

    def render(self, t: Catalogue) -> Markup:
        """Return the drawing, 110 by 20 pixels, with its text."""
        known = [v for v in self.values if not is_missing(v)]
        if not known:
            return Markup("{}").format(t("format.missing"))
        text = t("part.spark", n=len(known), last=t.show(known[-1], self.spec))
        points = self._points(min(known), max(known))
        lines = Markup("").join(_LINE.format(" ".join(run)) for run in _runs(points))
        last = next(point for point in reversed(points) if point)
        x, y = last.split(",")
        return _SPARK.format(text=text, lines=lines, x=x, y=y)

    def _points(self, least: float, most: float) -> list[str]:
        step = 100 / max(len(self.values) - 1, 1)
        span = most - least
        heights = [
            None if is_missing(v) else 17 - 14 * (v - least) / span if span else 10.0
            for v in self.values
        ]
        return ["" if y is None else f"{5 + i * step:.1f},{y:.1f}" for i, y in enumerate(heights)]


_LINE = Markup('<polyline points="{}"/>')
_SPARK = Markup(
    '<svg class="spark" width="110" height="20" viewBox="0 0 110 20" role="img" '
    'aria-label="{text}"><title>{text}</title>{lines}<circle cx="{x}" cy="{y}" r="2.4"/></svg>'
)


def _runs(points: list[str]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for point in points:
        if point:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


@dataclass(frozen=True)
class TableCell:
    """One cell as shown: its HTML, a code beside it, whether it is a number, its judgement."""

    html: str | Markup
    code: str = ""
    number: bool = False
    tone: str = ""


def is_number(frame: pd.DataFrame, name: str) -> bool:
    """Return whether a column is shown as numbers: right-aligned, never wrapped."""
    values = frame[name].dropna()
    if len(values) and isinstance(values.iloc[0], Amount):
        return True
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
    values = frame[name]
    number = is_number(frame, name)
    if not spec and compact:
        spec = _compact_spec(name, values)
    if spec:
        return [_drawn(t, v) or _plain(t, t.show(v, spec), number) for v in values]
    if number:
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
    label = t.label(name, value)
    code = str(value) if name in _CODES and label != str(value) else ""
    return TableCell(keep_together(label), code=code)
