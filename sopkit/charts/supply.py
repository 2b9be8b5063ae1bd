"""Charts of the supply review: hours against load, supply against demand, stock against target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sopkit.charts.style import (
    BAD,
    BUDGET,
    INK,
    PLAN,
    RANGE,
    WARN,
    Texts,
    amount_axis,
    line_labels,
    month_axis,
)

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 27
MOST_ROWS = 24
NARROW = 480
WHITE = "#fff"


def plot_load(load: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw load in per cent of regular hours, a row a resource, a column a month.

    On a narrow screen the figures give way to colour alone.

    Pale to strong blue: fits. Amber: needs overtime. Red: more than overtime too. Resources in
    the order of the frame, at most 24.

    Args:
        load: `resource`, `period`, `load_rate`, `state` (fits, overtime, over).
        t: words of one language.
    """
    import altair as alt

    cells = to_load_cells(load, t)
    order = list(dict.fromkeys(cells["name"]))
    base = alt.Chart(cells).encode(
        x=alt.X(
            "month:O",
            axis=alt.Axis(
                orient="top", title=None, labelAngle=0, labelExpr="slice(datum.value, 5)"
            ),
            scale=alt.Scale(paddingInner=0.06, paddingOuter=0),
        ),
        y=alt.Y(
            "name:N",
            sort=order,
            axis=alt.Axis(title=None, labelLimit=150, labelAlign="right"),
            scale=alt.Scale(paddingInner=0.1, paddingOuter=0),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("month:N", title=" "),
            alt.Tooltip("text:N", title="%"),
        ],
    )
    boxes = base.mark_rect(cornerRadius=3).encode(
        fill=alt.Fill("fill:N", scale=None), fillOpacity=alt.FillOpacity("opacity:Q", scale=None)
    )
    texts = base.mark_text(fontSize=12, opacity=alt.expr(f"width < {NARROW} ? 0 : 1")).encode(
        text="text:N", color=alt.Color("ink:N", scale=None, legend=None)
    )
    return alt.layer(boxes, texts).properties(height=ROW_HEIGHT * len(order))


def to_load_cells(load: pd.DataFrame, t: Texts) -> pd.DataFrame:
    """Return the cells of the heat map: name, month, text, colours.

    Example:
        Rate 1.07, state overtime: text 107, amber with white figures.
    """
    shown = list(dict.fromkeys(load["resource"]))[:MOST_ROWS]
    rows = load[load["resource"].isin(shown)].reset_index(drop=True)
    rate = rows["load_rate"].clip(upper=9.99)
    fits = rows["state"] == "fits"
    fill = rows["state"].map({"fits": PLAN, "overtime": WARN, "over": BAD})
    pale = 0.05 + 0.5 * rate.fillna(0).clip(upper=1) ** 2
    return pd.DataFrame(
        {
            "name": [t.label("resource", code) for code in rows["resource"]],
            "month": rows["period"].dt.strftime("%Y-%m"),
            "text": [f"{100 * r:.0f}" if r == r else "–" for r in rate],
            "fill": fill,
            "opacity": pale.where(fits, 0.85).round(3),
            "ink": [INK if ok else WHITE for ok in fits],
        }
    )


def plot_stock(months: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw the value of planned stock against its target; what lies above is shaded.

    Args:
        months: `period`, `stock_value`, `target_value`.
        t: words of one language.
    """
    import altair as alt

    rows = months[["period", "stock_value", "target_value"]]
    above = rows.assign(base_value=rows[["stock_value", "target_value"]].min(axis=1))
    tips = [
        alt.Tooltip("period:T", format="%Y-%m", title=" "),
        alt.Tooltip("stock_value:Q", format=",.0f", title=t("series.stock")),
        alt.Tooltip("target_value:Q", format=",.0f", title=t("series.target")),
    ]
    area = (
        alt.Chart(above)
        .mark_area(fill=RANGE)
        .encode(x=month_axis(), y=amount_axis(t, "base_value"), y2="stock_value:Q")
    )
    stock = (
        alt.Chart(rows)
        .mark_line(stroke=PLAN)
        .encode(x=month_axis(), y=amount_axis(t, "stock_value"), tooltip=tips)
    )
    target = (
        alt.Chart(rows)
        .mark_line(stroke=BUDGET, strokeDash=[2, 4], strokeWidth=1.6)
        .encode(x=month_axis(), y=amount_axis(t, "target_value"), tooltip=tips)
    )
    inner = rows.iloc[2:] if len(rows) > 4 else rows
    peak = inner.nlargest(1, "stock_value").iloc[0]
    gap = inner["stock_value"] - inner["target_value"]
    free = inner.assign(gap=gap).nlargest(1, "gap").iloc[0]
    places = pd.DataFrame(
        {
            "series": ["stock", "target"],
            "period": [peak["period"], free["period"]],
            "amount": [peak["stock_value"], free["target_value"]],
            "dy": [-10, 16],
        }
    )
    places = places if rows["target_value"].any() else places.iloc[:1]
    return alt.layer(area, target, stock, line_labels(t, places)).properties(height=220)


def plot_supply(months: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw what arrives (bars) against what is wanted (line), by month.

    Args:
        months: `period`, `supply_qty`, `demand_qty`, summed here over families.
        t: words of one language.
    """
    import altair as alt

    rows = months.groupby("period", as_index=False)[["supply_qty", "demand_qty"]].sum()
    peak = rows.nlargest(1, "demand_qty").iloc[0]
    place = pd.DataFrame(
        {
            "series": ["demand"],
            "period": [peak["period"]],
            "amount": [float(rows[["supply_qty", "demand_qty"]].max().max())],
            "dy": [-12],
        }
    )
    layers = _supply_layers(alt.Chart(rows), t, small=False)
    return alt.layer(*layers, line_labels(t, place)).properties(height=220)


def plot_families(months: pd.DataFrame, t: Texts, limit: int = 8) -> alt.FacetChart:
    """Draw supply against demand, a small chart a family, the largest first.

    Args:
        months: `family`, `period`, `supply_qty`, `demand_qty`.
        t: words of one language.
        limit: families drawn.
    """
    import altair as alt

    size = months.groupby("family")["demand_qty"].sum().sort_values(ascending=False, kind="stable")
    size = size[size > 0].head(limit)
    names = {family: t.label("family", family) for family in size.index}
    rows = months[months["family"].isin(size.index)]
    rows = rows.assign(family=rows["family"].map(names))[
        ["family", "period", "supply_qty", "demand_qty"]
    ]
    chart = alt.layer(*_supply_layers(alt.Chart(), t, small=True), data=rows)
    chart = chart.properties(width=215, height=100)
    order = [names[family] for family in size.index]
    return chart.facet(alt.Facet("family:N", sort=order), columns=4, spacing=18).resolve_scale(
        y="independent"
    )


def _supply_layers(base: alt.Chart, t: Texts, small: bool) -> list[alt.Chart]:
    import altair as alt

    axis = alt.Axis(format="%Y", title=None, tickCount="year")
    month = month_axis(axis=axis) if small else month_axis()
    tips = [
        alt.Tooltip("period:T", format="%Y-%m", title=" "),
        alt.Tooltip("supply_qty:Q", format=",.0f", title=t("supply.series_supply")),
        alt.Tooltip("demand_qty:Q", format=",.0f", title=t("series.demand")),
    ]
    bars = base.mark_bar(fill=RANGE, size=7 if small else 22).encode(
        x=month, y=amount_axis(t, "supply_qty"), tooltip=tips
    )
    line = base.mark_line(stroke=PLAN, strokeWidth=1.6 if small else 2.4).encode(
        x=month, y=amount_axis(t, "demand_qty"), tooltip=tips
    )
    return [bars, line]
