"""Chart of what earlier decisions were expected to bring, and what they brought."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import pandas as pd

from sopkit.charts.style import BAD, BUDGET, GOOD, INK, Texts, amount_labels

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 62
LABEL_ROOM = 0.35
BREAK, WIDTHS = "|", {"en": 22, "zh": 12}
_PIECES = re.compile(r"(?:[\w.%+-](?<![\u4e00-\u9fff]))+[,，、。；：]?|.[,，、。；：]?")


def plot_effects(effects: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw a pair of bars a decision, expected above realised, with the amount at each end.

    Args:
        effects: contract `decision_effect`, rows with a realised effect, in the order shown.
        t: words of one language.
    """
    import altair as alt

    rows = to_effect_bars(effects, t)
    reach = max(float(rows["amount"].abs().max()), 1.0) if len(rows) else 1.0
    low = min(float(rows["amount"].min()), 0.0)
    high = max(float(rows["amount"].max()), 0.0) + LABEL_ROOM * reach
    base = alt.Chart(rows).encode(
        x=alt.X(
            "amount:Q",
            axis=alt.Axis(labelExpr=amount_labels(t.lang), title=None),
            scale=alt.Scale(domain=[low, high], nice=False),
        ),
        y=alt.Y(
            "name:N",
            sort=rows["name"].drop_duplicates().tolist(),
            axis=alt.Axis(title=None, labelLimit=220, labelExpr=f"split(datum.label, '{BREAK}')"),
        ),
        yOffset=alt.YOffset("series:N", sort=_names(t)),
        tooltip=[alt.Tooltip("series:N", title=" "), alt.Tooltip("label:N", title=" ")],
    )
    bars = base.mark_bar().encode(fill=alt.Fill("color:N", scale=None))
    texts = base.mark_text(align="left", dx=5, fill=INK).encode(x="place:Q", text="text:N")
    count = max(rows["name"].nunique(), 1)
    return alt.layer(bars, texts).properties(height=ROW_HEIGHT * count)


def to_effect_bars(effects: pd.DataFrame, t: Texts) -> pd.DataFrame:
    """Return two bars a decision: `name`, `series`, `amount` [money], `place` (of the
    text), `color`, `text`, `label`.

    A decision without a stated expectation has one bar.

    Example:
        Expected 600, realised - 50: a bar of 600, and one of - 50 in the colour of a loss.
    """
    expected, realised = _names(t)
    parts = []
    for series, column in ((expected, "expected_value"), (realised, "realised_value")):
        rows = effects[["decision", column]].rename(columns={column: "amount"})
        parts.append(rows.assign(series=series, order=range(len(rows))))
    bars = pd.concat(parts, ignore_index=True).dropna(subset="amount")
    bars = bars.sort_values("order", kind="stable", ignore_index=True)
    text = [t.show(amount, "signed_money") for amount in bars["amount"]]
    color = bars["amount"].map(lambda amount: GOOD if amount >= 0 else BAD)
    return bars.assign(
        name=[_wrap(t.label("decision", code), t.lang) for code in bars["decision"]],
        place=bars["amount"].clip(lower=0.0),
        color=color.where(bars["series"] == realised, BUDGET),
        label=text,
        text=[f"{series} {one}" for series, one in zip(bars["series"], text, strict=True)],
    ).drop(columns="order")


def _wrap(text: str, lang: str) -> str:
    """Return a title with a mark where its lines end: words in English, characters in Chinese.

    In Chinese no number and no Latin word is broken, and no line begins with a stop.
    """
    width = WIDTHS[lang]
    if lang != "zh":
        return BREAK.join(textwrap.wrap(text, width)) or text
    lines = [""]
    for piece in _PIECES.findall(text):
        fits = not lines[-1] or len(lines[-1]) + len(piece) <= width
        lines = [*lines[:-1], lines[-1] + piece] if fits else [*lines, piece]
    return BREAK.join(line.strip() for line in lines)


def _names(t: Texts) -> list[str]:
    return [t("effects.series.expected"), t("effects.series.realised")]
