"""Cells that write themselves in the language asked for; a column of a frame may hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from markupsafe import Markup

from sopkit.messages import Catalogue, is_missing, keep_together

Tone = Literal["good", "warn", "bad"]


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
