"""Charts of the consensus review: scenarios over the horizon, the bridge from budget to plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sopkit.charts.bridge import plot_bridge, to_bridge_bars
from sopkit.charts.style import (
    PLAN,
    RANGE,
    Texts,
    amount_axis,
    line_labels,
    month_axis,
)

if TYPE_CHECKING:
    import altair as alt

__all__ = ["plot_bridge", "plot_scenarios", "to_bridge_bars"]


def plot_scenarios(
    scenario_month: pd.DataFrame, t: Texts, value: str = "revenue_value"
) -> alt.LayerChart | alt.FacetChart:
    """Draw the base plan's money a month inside the band from downside to upside.

    Args:
        scenario_month: contract `scenario_month` with base, downside and upside.
        t: words of one language.
        value: the column to draw.
    """
    import altair as alt

    wide = scenario_month.pivot_table(index="period", columns="scenario", values=value)
    rows = wide[["base", "downside", "upside"]].reset_index()
    tips = [alt.Tooltip("period:T", format="%Y-%m")] + [
        alt.Tooltip(f"{name}:Q", format=",.0f", title=t.word("scenario", name))
        for name in ("upside", "base", "downside")
    ]
    chart = alt.Chart(rows)
    band = chart.mark_area(fill=RANGE).encode(
        x=month_axis(), y=amount_axis(t, "downside", zero=False), y2="upside:Q"
    )
    line = chart.mark_line(stroke=PLAN).encode(
        x="period:T", y=alt.Y("base:Q", scale=alt.Scale(zero=False)), tooltip=tips
    )
    highest = rows.loc[[rows["base"].idxmax()]]
    place = highest.assign(series="plan", amount=highest["upside"], dy=-8)
    return alt.layer(band, line, line_labels(t, place))
