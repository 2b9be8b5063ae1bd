"""Charts of the data review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sopkit.charts.style import ACTUAL, BAD, LAST_PLAN, Texts, amount_axis, month_axis

if TYPE_CHECKING:
    import altair as alt


def plot_history(
    history: pd.DataFrame, correction: pd.DataFrame, t: Texts
) -> alt.LayerChart | alt.FacetChart:
    """Draw ordered and corrected quantity a month, with a dot on corrected months.

    Args:
        history: contract `demand_history`; quantities are summed over items.
        correction: contract `correction`; only accepted ones are marked.
        t: words of one language.
    """
    import altair as alt

    months = history.groupby("period", as_index=False)[["actual_qty", "cleaned_qty"]].sum()
    marked = correction.loc[correction["accepted"], "period"].drop_duplicates()
    base = alt.Chart(months)
    actual = base.mark_line(stroke=ACTUAL).encode(
        x=month_axis(),
        y=amount_axis(t, "actual_qty"),
        tooltip=[
            alt.Tooltip("period:T", format="%Y-%m"),
            alt.Tooltip("actual_qty:Q", format=",.0f", title=t("data.chart_actual")),
            alt.Tooltip("cleaned_qty:Q", format=",.0f", title=t("data.chart_cleaned")),
        ],
    )
    cleaned = base.mark_line(stroke=LAST_PLAN, strokeWidth=1.4).encode(
        x="period:T", y="cleaned_qty:Q"
    )
    dots = (
        alt.Chart(months[months["period"].isin(marked)])
        .mark_point(fill=BAD, size=28)
        .encode(x="period:T", y="actual_qty:Q")
    )
    return alt.layer(cleaned, actual, dots)
