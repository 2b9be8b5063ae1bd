"""Charts of the demand review: demand with its range against everything it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sopkit.charts.style import (
    BAD,
    GOOD,
    INK,
    MUTED,
    PLAN,
    RANGE,
    SERIES_COLORS,
    Texts,
    amount_axis,
    line_labels,
    month_axis,
)

if TYPE_CHECKING:
    import altair as alt

LINES: dict[str, dict[str, Any]] = {
    "actual": {"strokeWidth": 2.0},
    "budget": {"strokeWidth": 1.6, "strokeDash": [2, 4]},
    "last_plan": {"strokeWidth": 1.6},
    "baseline": {"strokeWidth": 1.2, "strokeDash": [5, 3]},
    "demand": {"strokeWidth": 2.4},
}
CLEARANCE = 14.0


def plot_demand(months: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw history, baseline and agreed demand with its range, last plan and budget, by month.

    Args:
        months: one row per `period` with `actual_qty`, `demand_qty`, `baseline_qty`,
            `lo_80_qty`, `hi_80_qty`, `last_plan_qty`, `budget_qty`; blank where a line ends.
        t: words of one language.
    """
    import altair as alt

    shown = find_lines(months)
    layers = [_draw_range(months), *(_draw_line(months, name, t) for name in shown)]
    return alt.layer(*layers, line_labels(t, place_labels(months, shown)))


def find_lines(months: pd.DataFrame) -> list[str]:
    """Return the lines that have numbers; the baseline only where people moved it."""
    moved = (months["baseline_qty"] - months["demand_qty"]).abs().max()
    same = not moved > 1e-6 * months["demand_qty"].max()
    return [
        name
        for name in LINES
        if months[f"{name}_qty"].notna().any() and not (name == "baseline" and same)
    ]


def plot_families(months: pd.DataFrame, t: Texts, limit: int = 12) -> alt.FacetChart:
    """Draw one small chart a family: history, range, agreed demand, last plan, budget.

    Args:
        months: what `plot_demand` takes, with `family`.
        t: words of one language.
        limit: families drawn, the largest first; those without demand ahead are left out.
    """
    import altair as alt

    size = months.groupby("family")["demand_qty"].sum().sort_values(ascending=False, kind="stable")
    size = size[size > 0].head(limit)
    names = {family: t.label("family", family) for family in size.index}
    rows = months[months["family"].isin(size.index)]
    rows = rows.assign(family=rows["family"].map(names))
    shown = [name for name in LINES if name != "baseline" and rows[f"{name}_qty"].notna().any()]
    layers = [_draw_range(None), *(_draw_line(None, name, t, small=True) for name in shown)]
    chart = alt.layer(*layers, data=rows).properties(width=215, height=110)
    order = [names[family] for family in size.index]
    return chart.facet(alt.Facet("family:N", sort=order), columns=4, spacing=18).resolve_scale(
        y="independent"
    )


def place_labels(months: pd.DataFrame, shown: list[str]) -> pd.DataFrame:
    """Say where the name of each line stands, so that names of close lines do not meet.

    History by its highest month; budget and last plan stacked above their peak; agreed demand
    and baseline below their lowest months, one in the first two thirds, one in the last.

    Returns:
        `series`, `period`, `amount`, `dy` (pixels below the point).
    """
    places, stacked = [], 0
    for name in shown:
        line = months[["period", f"{name}_qty"]].dropna().reset_index(drop=True)
        amounts, two_thirds = line[f"{name}_qty"], -(-2 * len(line) // 3)
        if name in ("budget", "last_plan"):
            at, dy = amounts.idxmax(), -CLEARANCE - stacked * CLEARANCE
            stacked += 1
        elif name == "actual":
            at, dy = amounts.idxmax(), -CLEARANCE
        elif name == "demand":
            at, dy = amounts.iloc[:two_thirds].idxmin(), 1.3 * CLEARANCE
        else:
            at, dy = amounts.iloc[min(two_thirds, len(line) - 1) :].idxmin(), 1.3 * CLEARANCE
        point = line.loc[[at]].iloc[0]
        places.append(
            {"series": name, "period": point["period"], "amount": point[f"{name}_qty"], "dy": dy}
        )
    return pd.DataFrame(places, columns=["series", "period", "amount", "dy"])


def _draw_range(months: pd.DataFrame | None) -> alt.Chart:
    import altair as alt

    known = alt.Chart() if months is None else alt.Chart(months.dropna(subset=["lo_80_qty"]))
    area = known.mark_area(fill=RANGE, clip=True)
    return area.encode(x=month_axis(), y="lo_80_qty:Q", y2="hi_80_qty:Q")


def _draw_line(months: pd.DataFrame | None, name: str, t: Texts, small: bool = False) -> alt.Chart:
    import altair as alt

    column = f"{name}_qty"
    style = dict(LINES[name])
    if small:
        style["strokeWidth"] = 1.4
    known = alt.Chart() if months is None else alt.Chart(months[["period", column]].dropna())
    axis = alt.Axis(format="%Y", title=None, tickCount="year")
    month = month_axis(axis=axis) if small else month_axis()
    tips = [
        alt.Tooltip("period:T", format="%Y-%m", title=" "),
        alt.Tooltip(f"{column}:Q", format=",.0f", title=t(f"series.{name}")),
    ]
    line = known.mark_line(stroke=SERIES_COLORS.get(name, MUTED), **style)
    return line.encode(x=month, y=amount_axis(t, column), tooltip=tips)


def plot_accuracy(by_lag: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw WAPE by months ahead: the baseline and the naive forecast it has to beat.

    Args:
        by_lag: `lag`, `wape_rate`, `reference_wape_rate`.
        t: words of one language.
    """
    import altair as alt

    axis = alt.Axis(title=None, labelAngle=0)
    base = alt.Chart(by_lag).encode(x=alt.X("lag:O", axis=axis))
    height = alt.Axis(format=".0%", title=None)
    tips = [
        alt.Tooltip("lag:O", title=t("col.lag")),
        alt.Tooltip("wape_rate:Q", format=".1%", title=t("series.baseline")),
        alt.Tooltip("reference_wape_rate:Q", format=".1%", title=t("demand.naive")),
    ]
    bars = base.mark_bar(fill=PLAN, size=26).encode(
        y=alt.Y("wape_rate:Q", axis=height), tooltip=tips
    )
    ticks = base.mark_tick(color=MUTED, thickness=2, size=34).encode(
        y=alt.Y("reference_wape_rate:Q", axis=height), tooltip=tips
    )
    return alt.layer(bars, ticks).properties(height=180)


def plot_value(streams: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw what each person's forecast added to the baseline, with its interval, around zero.

    Args:
        streams: `stream`, `owner`, `value_added_rate`, `lo_95_rate`, `hi_95_rate`, `verdict`.
        t: words of one language.
    """
    import altair as alt

    rows = streams.assign(
        name=[
            _name_stream(t, stream, owner)
            for stream, owner in zip(streams["stream"], streams["owner"], strict=True)
        ],
        color=streams["verdict"].map({"keep": GOOD, "drop": BAD}).fillna(MUTED),
        label=[t.show(value, "points") for value in streams["value_added_rate"]],
    )
    order = rows.sort_values("value_added_rate", ascending=False, kind="stable")["name"].tolist()
    base = alt.Chart(rows).encode(
        y=alt.Y("name:N", sort=order, axis=alt.Axis(title=None, labelLimit=190))
    )
    axis = alt.Axis(format="+.0%", title=t("demand.axis_value"))
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(stroke=INK, strokeWidth=1)
    spans = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("lo_95_rate:Q", axis=axis),
        x2="hi_95_rate:Q",
        stroke=alt.Stroke("color:N", scale=None),
    )
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=alt.X("value_added_rate:Q", axis=axis), fill=alt.Fill("color:N", scale=None)
    )
    texts = base.mark_text(dy=-11, fill=INK).encode(x="value_added_rate:Q", text="label:N")
    layers = alt.layer(zero.encode(x="zero:Q"), spans, dots, texts)
    return layers.properties(height=alt.Step(38))


def _name_stream(t: Texts, stream: str, owner: str) -> str:
    name = t.word("stream", stream)
    return name if owner in ("", stream) else f"{name}, {t.label('owner', owner)}"
