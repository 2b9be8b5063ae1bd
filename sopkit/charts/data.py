"""Charts of the data review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sopkit.charts.style import ACTUAL, BAD, LAST_PLAN, PLAN, Texts, amount_axis, month_axis

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


def plot_channel(months: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw what distributors ordered against what they sold on, with a dot on loaded quarter ends.

    Args:
        months: one row a `period` with `sell_in_qty`, `sell_out_qty`, `loading_qty`.
        t: words of one language.
    """
    import altair as alt

    tips = [
        alt.Tooltip("period:T", format="%Y-%m", title=" "),
        *(
            alt.Tooltip(f"{name}_qty:Q", format=",.0f", title=t(f"data.chart_{name}"))
            for name in ("sell_in", "sell_out", "loading")
        ),
    ]
    base = alt.Chart(months)
    sell_in = base.mark_line(stroke=ACTUAL, strokeWidth=1.6).encode(
        x=month_axis(), y=amount_axis(t, "sell_in_qty"), tooltip=tips
    )
    sell_out = base.mark_line(stroke=PLAN).encode(x="period:T", y="sell_out_qty:Q", tooltip=tips)
    dots = (
        alt.Chart(months[months["loading_qty"] > 0])
        .mark_point(fill=BAD, size=40)
        .encode(x="period:T", y="sell_in_qty:Q", tooltip=tips)
    )
    return alt.layer(sell_out, sell_in, dots)
