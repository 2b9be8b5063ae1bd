"""What charts share: colours by meaning, axes with units, the time fence, labels on the lines.

Colours are names of the page's style sheet (``var(--plan)``), so that a chart follows the reader's
light or dark setting; `resolve` gives the light values for a still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

if TYPE_CHECKING:
    import altair as alt

INK, MUTED, LINE, WASH = "var(--ink)", "var(--muted)", "var(--line)", "var(--wash)"
PLAN, RANGE, ACTUAL = "var(--plan)", "var(--range)", "var(--actual)"
LAST_PLAN, BUDGET = "var(--last)", "var(--budget)"
GOOD, WARN, BAD = "var(--good)", "var(--warn)", "var(--bad)"

SERIES_COLORS = {
    "actual": ACTUAL,
    "plan": PLAN,
    "demand": PLAN,
    "baseline": PLAN,
    "last_plan": LAST_PLAN,
    "budget": BUDGET,
    "capacity": ACTUAL,
    "target": BUDGET,
    "stock": PLAN,
}
CATEGORY_COLORS = tuple(f"var(--cat{n})" for n in range(1, 7))

LIGHT = {
    "ink": "#1c2128",
    "muted": "#5d6773",
    "faint": "#6b7480",
    "line": "#e3e7ec",
    "wash": "#f3f5f8",
    "card": "#ffffff",
    "page": "#ffffff",
    "plan": "#1f5fbf",
    "range": "#cfe0f7",
    "actual": "#3c4650",
    "last": "#9db4d3",
    "budget": "#b7791f",
    "bad": "#b3372b",
    "good": "#2f7d52",
    "warn": "#94600f",
    "cat1": "#1f5fbf",
    "cat2": "#3c4650",
    "cat3": "#7d9cc6",
    "cat4": "#5b8f8a",
    "cat5": "#8a7ba8",
    "cat6": "#b0a58c",
}
DARK = {
    "ink": "#e7ebf0",
    "muted": "#a3adb8",
    "faint": "#8a94a0",
    "line": "#2d343c",
    "wash": "#1d232a",
    "card": "#171b20",
    "page": "#12161a",
    "plan": "#6ea4f0",
    "range": "#22364f",
    "actual": "#c4ccd5",
    "last": "#5d7697",
    "budget": "#d9a24a",
    "bad": "#e5776c",
    "good": "#69b98c",
    "warn": "#d9a24a",
    "cat1": "#6ea4f0",
    "cat2": "#c4ccd5",
    "cat3": "#5d7697",
    "cat4": "#79b5ae",
    "cat5": "#ab9bcb",
    "cat6": "#c2b89f",
}
FONTS = (
    'system-ui, -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", '
    '"Noto Sans CJK SC", "Source Han Sans SC", sans-serif'
)


class Texts(Protocol):
    """What a chart asks of the catalogue: words of one language."""

    @property
    def lang(self) -> str:
        """Language of the words."""

    def __call__(self, key: str, /, **values: Any) -> str:
        """Return a message."""

    def label(self, name: str, code: object) -> str:
        """Return what a code is called."""

    def word(self, column: str, value: object) -> str:
        """Return the word for an enumerated value."""

    def show(self, value: object, spec: str) -> str:
        """Return a value in a format."""


def variables(colors: dict[str, str]) -> str:
    """Return the palette as declarations of a style sheet."""
    return "".join(f"--{name}:{value};" for name, value in colors.items())


def resolve(text: str, colors: dict[str, str] | None = None) -> str:
    """Return a text with names of colours replaced by their values (light ones by default)."""
    for name, value in (colors or LIGHT).items():
        text = text.replace(f"var(--{name})", value)
    return text


def config(lang: str) -> dict[str, Any]:
    """Return the style that every chart of a page shares, as a Vega-Lite config."""
    sizes = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    axis = {"labelColor": MUTED, "titleColor": MUTED, **sizes}
    quiet = {"domain": False, "ticks": False, "labelPadding": 8}
    return {
        "aria": False,
        "background": "transparent",
        "font": FONTS,
        "view": {"stroke": None, "continuousHeight": 250},
        "axis": {**axis, **quiet, "grid": False},
        "axisX": {"labelOverlap": "greedy", "labelSeparation": 14},
        "axisY": {"titleAlign": "left", "titleAngle": 0, "titleAnchor": "end"},
        "axisYQuantitative": {"grid": True, "gridColor": LINE, "tickCount": 5},
        "axisXQuantitative": {"grid": True, "gridColor": LINE, "tickCount": 5},
        "legend": {**axis, "orient": "top", "title": None, "symbolType": "square"},
        "header": {**axis, "labelFontWeight": 600, "labelColor": INK, "title": None},
        "text": {"fontSize": 12, "fill": MUTED},
        "bar": {"fill": PLAN, "cornerRadius": 1.5},
        "rect": {"fill": PLAN},
        "line": {"stroke": PLAN, "strokeWidth": 2.4, "strokeJoin": "round", "strokeCap": "round"},
        "area": {"fill": RANGE},
        "point": {"fill": PLAN, "filled": True, "size": 45},
        "circle": {"fill": PLAN, "size": 45},
        "rule": {"stroke": LINE},
        "range": {"category": list(CATEGORY_COLORS)},
        "locale": {} if lang == "en" else {"number": ZH_NUMBER, "time": ZH_TIME},
    }


ZH_NUMBER = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["¥", ""]}
ZH_TIME = {
    "dateTime": "%x %A %X",
    "date": "%Y年%-m月%-d日",
    "time": "%H:%M:%S",
    "periods": ["上午", "下午"],
    "days": ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
    "shortDays": ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    "months": [f"{n} 月" for n in range(1, 13)],
    "shortMonths": [f"{n} 月" for n in range(1, 13)],
}


def locales(lang: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the number and time locale of a language; None is English."""
    return (ZH_NUMBER, ZH_TIME) if lang == "zh" else (None, None)


def month_axis(name: str = "period", **options: Any) -> alt.X:
    """Return the x axis of months: ``2026-10``, no title, labels thinned where they would touch."""
    import altair as alt

    axis = alt.Axis(format="%Y-%m", title=None, tickCount={"interval": "month", "step": 3})
    return alt.X(f"{name}:T", **{"axis": axis, **options})


def amount_labels(lang: str) -> str:
    """Return the expression that writes an axis label: 1.5 M in English, 150 万 in Chinese."""
    english = ((1e9, 1e9, " B"), (1e5, 1e6, " M"))
    steps = english if lang == "en" else ((1e8, 1e8, " 亿"), (1e4, 1e4, " 万"))
    test = "format(datum.value, ',~g')"
    for least, size, word in reversed(steps):
        scaled = f"format(datum.value / {size:.0f}, ',.3~f') + '{word}'"
        test = f"abs(datum.value) >= {least:.0f} ? {scaled} : {test}"
    return f"replace({test}, '-', '−')"


def amount_axis(t: Texts, name: str, zero: bool = True, **options: Any) -> alt.Y:
    """Return the y axis of an amount; its unit belongs in the note above the chart."""
    import altair as alt

    axis = alt.Axis(labelExpr=amount_labels(t.lang), title=None)
    return alt.Y(f"{name}:Q", **{"axis": axis, "scale": alt.Scale(zero=zero), **options})


def rate_axis(name: str, **options: Any) -> alt.Y:
    """Return the y axis of a ratio, as per cent."""
    import altair as alt

    axis = alt.Axis(format=".0%", title=None)
    return alt.Y(f"{name}:Q", **{"axis": axis, **options})


def time_fence(t: Texts, start: pd.Timestamp, end: pd.Timestamp) -> alt.LayerChart | alt.FacetChart:
    """Return the band of months in which the plan no longer moves, with its name on top."""
    import altair as alt

    span = pd.DataFrame({"period": [start], "end": [end], "text": [t("series.fence")]})
    base = alt.Chart(span)
    band = base.mark_rect(fill=WASH).encode(x=month_axis(), x2="end:T")
    text = base.mark_text(align="left", baseline="top", dx=4, dy=3).encode(
        x=month_axis(), text="text:N", y=alt.value(0)
    )
    return alt.layer(band, text)


def version_line(t: Texts, frame: pd.DataFrame, name: str, series: str) -> alt.Chart:
    """Return the line of one plan version in its own colour: actual, plan, last_plan, budget, ...

    Args:
        t: the language.
        frame: one row per `period`, with the amount.
        name: column of the amount.
        series: word under `series.` of the catalogue; also its colour.
    """
    import altair as alt

    word = t(f"series.{series}")
    tips = [alt.Tooltip("period:T", format="%Y-%m", title=" "), _amount_tip(name, word)]
    line = alt.Chart(frame[["period", name]]).mark_line(
        stroke=SERIES_COLORS.get(series, MUTED),
        strokeWidth=1.6 if series in _QUIET else 2.4,
        strokeDash=[2, 4] if series in _DOTTED else alt.Undefined,
    )
    return line.encode(x=month_axis(), y=amount_axis(t, name), tooltip=tips)


_QUIET = ("last_plan", "budget", "target", "capacity")
_DOTTED = ("budget", "target")


def _amount_tip(name: str, title: str) -> alt.Tooltip:
    import altair as alt

    return alt.Tooltip(f"{name}:Q", format=",.0f", title=title)


def range_area(t: Texts, frame: pd.DataFrame, low: str, high: str) -> alt.Chart:
    """Return the pale range between two columns, month by month."""
    import altair as alt

    area = alt.Chart(frame[["period", low, high]]).mark_area(fill=RANGE)
    return area.encode(x=month_axis(), y=amount_axis(t, low), y2=f"{high}:Q")


def line_labels(t: Texts, places: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Return names beside the lines, instead of a legend.

    Args:
        t: the language.
        places: one row per line: `series` (a word under `series.` of the catalogue), `period`,
            `amount` (where the label stands) and `dy` (pixels below that point).
    """
    import altair as alt

    layers = []
    for row in places.to_dict("records"):
        place = pd.DataFrame({"period": [row["period"]], "amount": [row["amount"]]})
        text = alt.Chart(place).mark_text(
            text=t(f"series.{row['series']}"),
            dy=float(row["dy"]),
            fill=SERIES_COLORS.get(row["series"], MUTED),
            fontWeight=600 if row["series"] in ("plan", "demand") else 400,
        )
        layers.append(text.encode(x=month_axis(), y=amount_axis(t, "amount")))
    return alt.layer(*layers)
