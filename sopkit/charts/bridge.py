"""Charts of the bridge: from budget to plan in steps, and the gap month by month to the year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sopkit.charts.style import (
    ACTUAL,
    BAD,
    GOOD,
    INK,
    MUTED,
    PLAN,
    Texts,
    amount_axis,
    month_axis,
)

if TYPE_CHECKING:
    import altair as alt

LABEL_ROOM = 0.12
LABEL_GAP, HEIGHT = 14.0, 250.0  # pixels between the labels of neighbours; height of a chart
SMALL_SHARE = 0.03
MOST_BARS = 9


def plot_bridge(
    parts: pd.DataFrame,
    t: Texts,
    *,
    amount: str = "margin_value",
    words: str = "bridge.part",
    spec: str = "qty",
    most: int = MOST_BARS,
) -> alt.LayerChart | alt.FacetChart:
    """Draw a bridge, from budget to plan or from one to another; cut outer bars are marked as cut.

    Amounts have three digits and no currency, which belongs in the note above; labels of neighbours
    stand at different heights, so that they do not touch on a phone.

    Args:
        parts: `part` in the order of the bridge, the two ends outside, and `amount`'s column;
            parts of nothing are left out.
        t: words of one language.
        amount: the column to draw.
        words: where the names of the parts stand in the catalogue.
        spec: format of the ends; `signed_<spec>` is that of the steps.
        most: bars drawn at most; beyond, the smallest steps are one, `other`.
    """
    import altair as alt

    rows = to_bridge_bars(parts.rename(columns={amount: "amount"}), most)
    rows["label"] = [
        t.show(value, spec if end else f"signed_{spec}")
        for value, end in zip(rows["amount"], rows["is_end"], strict=True)
    ]
    rows["name"] = [t(f"{words}.{part}") for part in rows["part"]]
    floor = float(rows[["low", "high"]].min().min())
    rows["label_at"] = place_labels(rows["high"], floor)
    reach = float(rows["label_at"].max())
    domain = [floor, reach + LABEL_ROOM * (reach - floor)]
    base = alt.Chart(rows).encode(
        x=alt.X(
            "name:N",
            sort=rows["name"].tolist(),
            axis=alt.Axis(
                title=None,
                labelAngle=0,
                labelFontSize=11,
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
    texts = base.mark_text(baseline="bottom", dy=-4, fill=INK, fontSize=11).encode(
        y=alt.Y("label_at:Q", scale=height), text="label:N"
    )
    layers = [bars, texts]
    if rows["is_cut"].any():
        cut = rows[rows["is_cut"]].assign(at=floor + 0.07 * (domain[1] - floor))
        layers.append(_mark_cut(base.properties(data=cut), height))
    return alt.layer(*layers)


def plot_gap_months(months: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw the gap of each month as a bar, and the gap of the year to date as a line.

    Args:
        months: what `spread_months` returned: `period`, `gap_value`, `to_date_value`, `source`.
        t: words of one language.
    """
    import altair as alt

    rows = months[["period", "gap_value", "to_date_value", "source"]].copy()
    rows["color"] = rows["gap_value"].map(lambda value: GOOD if value >= 0 else BAD)
    rows["shade"] = rows["source"].map({"actual": 1.0, "plan": 0.55})
    tips = [
        alt.Tooltip("period:T", format="%Y-%m", title=" "),
        alt.Tooltip("gap_value:Q", format=",.0f", title=t("bridge.month_gap")),
        alt.Tooltip("to_date_value:Q", format=",.0f", title=t("bridge.to_date")),
    ]
    base = alt.Chart(rows)
    bars = base.mark_bar(width={"band": 0.6}).encode(
        x=month_axis(timeUnit="yearmonth", bandPosition=0.5),
        y=amount_axis(t, "gap_value"),
        fill=alt.Fill("color:N", scale=None),
        fillOpacity=alt.FillOpacity("shade:Q", scale=None),
        tooltip=tips,
    )
    line = base.mark_line(stroke=ACTUAL, point={"fill": ACTUAL, "size": 24}).encode(
        x=month_axis(timeUnit="yearmonth", bandPosition=0.5),
        y=amount_axis(t, "to_date_value"),
        tooltip=tips,
    )
    middle = rows.iloc[[2 * len(rows) // 3]].assign(text=t("bridge.to_date"))
    name = (
        alt.Chart(middle)
        .mark_text(align="left", dx=6, dy=-12, fill=MUTED)
        .encode(
            x=month_axis(timeUnit="yearmonth", bandPosition=0.5),
            y=amount_axis(t, "to_date_value"),
            text="text:N",
        )
    )
    return alt.layer(bars, line, name)


def to_bridge_bars(parts: pd.DataFrame, most: int = MOST_BARS) -> pd.DataFrame:
    """Return the bars of a bridge (`part`, `amount`): from where to where, in which colour, cut?

    Steps under 3 % of the largest, and the smallest beyond `most` bars, are drawn as one, `other`,
    so that the bars still sum. The axis starts below the lowest level by a quarter of the bridge's
    span; where that is above 0, the outer bars start there and are marked as cut.

    Example:
        Budget 100, volume 10, plan 110: bars 97.5-100 (cut), 100-110, 97.5-110 (cut).
    """
    rows = _join_small(parts[["part", "amount"]].reset_index(drop=True), most)
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


def place_labels(tops: pd.Series, floor: float) -> list[float]:
    """Return the height of each bar's label: its top, raised where its neighbour's is as high.

    Example:
        Tops 10, 10 over a floor of 0: the second label is raised by 14 of 250 pixels.
    """
    pixel = (float(tops.max()) - floor) * (1 + LABEL_ROOM) / HEIGHT or 1.0
    placed: list[float] = []
    for top in tops:
        at = float(top)
        while placed and abs(at - placed[-1]) < LABEL_GAP * pixel * (1 - 1e-9):
            at = placed[-1] + LABEL_GAP * pixel
        placed.append(at)
    return placed


def _join_small(parts: pd.DataFrame, most: int) -> pd.DataFrame:
    first, steps, last = parts.iloc[:1], parts.iloc[1:-1], parts.iloc[-1:]
    size = steps["amount"].abs()
    small = size < SMALL_SHARE * size.max()
    if (size > 0).sum() > most - 2:  # the bar `other` takes one place
        small |= size.rank(ascending=False, method="first") > most - 3
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
