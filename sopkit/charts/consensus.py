"""Charts of the consensus review: scenarios over the horizon, the bridge from budget to plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sopkit.charts.style import (
    ACTUAL,
    BAD,
    GOOD,
    INK,
    PLAN,
    RANGE,
    Texts,
    amount_axis,
    line_labels,
    month_axis,
)

if TYPE_CHECKING:
    import altair as alt

LABEL_ROOM = 0.12
SMALL_SHARE = 0.03


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


def plot_bridge(
    parts: pd.DataFrame,
    t: Texts,
    *,
    amount: str = "margin_value",
    words: str = "consensus.part",
    spec: str = "money",
) -> alt.LayerChart | alt.FacetChart:
    """Draw a bridge, from budget to plan or from one to another; cut outer bars are marked as cut.

    Args:
        parts: `part` in the order of the bridge, the two ends outside, and `amount`'s column;
            parts of nothing are left out.
        t: words of one language.
        amount: the column to draw.
        words: where the names of the parts stand in the catalogue.
        spec: format of the ends; `signed_<spec>` is that of the steps.
    """
    import altair as alt

    rows = to_bridge_bars(parts.rename(columns={amount: "amount"}))
    rows["label"] = [
        t.show(value, spec if end else f"signed_{spec}")
        for value, end in zip(rows["amount"], rows["is_end"], strict=True)
    ]
    rows["name"] = [t(f"{words}.{part}") for part in rows["part"]]
    floor = float(rows[["low", "high"]].min().min())
    reach = float(rows["high"].max())
    domain = [floor, reach + LABEL_ROOM * (reach - floor)]
    base = alt.Chart(rows).encode(
        x=alt.X(
            "name:N",
            sort=rows["name"].tolist(),
            axis=alt.Axis(
                title=None,
                labelAngle=0,
                labelLimit=90,
                labelOverlap=False,
                labelExpr="split(datum.label, ' ')",  # a line a word
            ),
            scale=alt.Scale(paddingInner=0.18, paddingOuter=0.05),
        )
    )
    height = alt.Scale(domain=domain, zero=False, nice=False)
    bars = base.mark_bar().encode(
        y=alt.Y("low:Q", axis=None, scale=height),
        y2="high:Q",
        fill=alt.Fill("color:N", scale=None),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("label:N", title=" ")],
    )
    texts = base.mark_text(baseline="bottom", dy=-4, fill=INK).encode(
        y=alt.Y("high:Q", scale=height), text="label:N"
    )
    layers = [bars, texts]
    if rows["is_cut"].any():
        cut = rows[rows["is_cut"]].assign(at=floor + 0.07 * (domain[1] - floor))
        layers.append(_mark_cut(base.properties(data=cut), height))
    return alt.layer(*layers)


def to_bridge_bars(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the bars of a bridge (`part`, `amount`): from where to where, in which colour, cut?

    Steps under 3 % of the largest are drawn as one, `other`, so that the bars still sum. The axis
    starts below the lowest level by a quarter of the bridge's span; where that is above 0, the
    outer bars start there and are marked as cut.

    Example:
        Budget 100, volume 10, plan 110: bars 97.5-100 (cut), 100-110, 97.5-110 (cut).
    """
    rows = _join_small(parts[["part", "amount"]].reset_index(drop=True))
    is_end = (rows.index == 0) | (rows.index == len(rows) - 1)
    after = rows["amount"].where(~is_end | (rows.index == 0), 0.0).cumsum()
    before = after - rows["amount"].where(~is_end, 0.0)
    levels = pd.concat([after, before])
    low, high = float(levels.min()), float(levels.max())
    room = 0.25 * (high - low) or 0.05 * abs(high) or 1.0
    floor = low - room if low - room > 0 else min(low, 0.0)
    color = rows["amount"].map(lambda value: GOOD if value >= 0 else BAD)
    return rows.assign(
        is_end=is_end,
        is_cut=is_end & (floor > 0),
        low=pd.concat([before, after], axis=1).min(axis=1).where(~is_end, floor),
        high=pd.concat([before, after], axis=1).max(axis=1).where(~is_end, rows["amount"]),
        color=color.mask(rows.index == 0, ACTUAL).mask(rows.index == len(rows) - 1, PLAN),
    )


def _join_small(parts: pd.DataFrame) -> pd.DataFrame:
    first, steps, last = parts.iloc[:1], parts.iloc[1:-1], parts.iloc[-1:]
    size = steps["amount"].abs()
    small = size < SMALL_SHARE * size.max()
    if small.sum() < 2:
        kept = [first, steps[size > 0], last]
    else:
        rest = pd.DataFrame({"part": ["other"], "amount": [steps["amount"][small].sum()]})
        kept = [first, steps[~small], rest[rest["amount"] != 0], last]
    return pd.concat([part for part in kept if len(part)], ignore_index=True)


def _mark_cut(base: alt.Chart, height: alt.Scale) -> alt.Chart:
    import altair as alt

    slash = base.mark_point(
        shape="M-1,0.22L1,-0.22", size=5200, strokeWidth=5, filled=False, stroke="var(--page)"
    )
    return slash.encode(y=alt.Y("at:Q", scale=height))
