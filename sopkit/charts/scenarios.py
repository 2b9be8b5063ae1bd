"""Charts of scenarios: what each gains along the demand range, and where the best one changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from sopkit.charts.style import CATEGORY_COLORS, MUTED, Texts, amount_axis

if TYPE_CHECKING:
    import altair as alt

POSITIONS = {"low": -1.0, "agreed": 0.0, "high": 1.0}
MOST_LINES = 6
LABEL_GAP = 0.075
LABEL_ROOM = 1.25


def plot_wins(
    scenario_win: pd.DataFrame,
    choices: Sequence[str],
    names: Mapping[str, tuple[str, Mapping[str, Any]]],
    t: Texts,
) -> alt.LayerChart | alt.FacetChart:
    """Draw the gain of scenarios against the base plan over the demand range, a line each.

    The lines cross where the best choice changes. At most six, those with the largest gain or
    loss anywhere.

    Args:
        scenario_win: contract `scenario_win`.
        choices: scenarios to draw besides the base plan.
        names: key and values of what each is called, by scenario.
        t: words of one language.
    """
    import altair as alt

    rows = to_win_lines(scenario_win, choices)
    rows["name"] = [t(names[one][0], **names[one][1]) for one in rows["scenario"]]
    order = rows["scenario"].drop_duplicates().tolist()
    colors = {"base": MUTED} | dict(
        zip([one for one in order if one != "base"], CATEGORY_COLORS, strict=False)
    )
    rows["color"] = rows["scenario"].map(colors)
    words = {POSITIONS[end]: t(f"scenarios.end.{end}") for end in POSITIONS}
    label = " : ".join(f"datum.value == {at:.0f} ? '{word}'" for at, word in words.items())
    x = alt.X(
        "position:Q",
        axis=alt.Axis(title=None, values=list(words), labelExpr=f"{label} : ''", grid=False),
        scale=alt.Scale(domain=[-1, 1 + LABEL_ROOM], nice=False),
    )
    color = alt.Stroke("color:N", scale=None, legend=None)
    tips = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("gain_value:Q", format=",.0f", title=t("scenarios.col.gain")),
    ]
    base = alt.Chart(rows).encode(y=amount_axis(t, "gain_value"), detail="scenario:N")
    line = base.mark_line().encode(x=x, stroke=color, tooltip=tips)
    dots = base.mark_point(size=30).encode(
        x=x, fill=alt.Fill("color:N", scale=None, legend=None), tooltip=tips
    )
    ends = spread_labels(rows[rows["position"] == 1.0])
    text = (
        alt.Chart(ends)
        .mark_text(align="left", dx=8, limit=260)
        .encode(x=x, y="at:Q", text="name:N", fill=alt.Fill("color:N", scale=None, legend=None))
    )
    return alt.layer(line, dots, text)


def to_win_lines(scenario_win: pd.DataFrame, choices: Sequence[str]) -> pd.DataFrame:
    """Return the lines drawn: `scenario`, `position` (-1 low, 0, 1 high), `gain_value`.

    The base plan and the scenarios asked at all ends that move most, the largest first.
    """
    wide = scenario_win.pivot(index="scenario", columns="end", values="gain_value")
    wide = wide.reindex(columns=list(POSITIONS)).dropna()
    asked = wide.loc[[name for name in choices if name in wide.index]]
    size = asked.abs().max(axis=1).sort_values(ascending=False, kind="stable")
    kept = ["base", *size.index[:MOST_LINES]]
    rows = wide.loc[[name for name in kept if name in wide.index]].reset_index()
    lines = rows.melt(id_vars="scenario", var_name="end", value_name="gain_value")
    order = {name: place for place, name in enumerate(kept)}
    lines = lines.assign(position=lines["end"].map(POSITIONS), place=lines["scenario"].map(order))
    lines = lines.sort_values(["place", "position"], kind="stable", ignore_index=True)
    return lines[["scenario", "position", "gain_value"]]


def spread_labels(ends: pd.DataFrame) -> pd.DataFrame:
    """Return line ends with the height of their labels (`at`), none closer than a line of text.

    Example:
        Ends at 0, 1 and 100: labels at 0, 7.5 and 100.
    """
    rows = ends.sort_values(["gain_value", "scenario"], kind="stable", ignore_index=True)
    span = max(float(rows["gain_value"].max() - rows["gain_value"].min()), 1e-9)
    heights: list[float] = []
    for value in rows["gain_value"]:
        least = heights[-1] + LABEL_GAP * span if heights else float(value)
        heights.append(max(float(value), least))
    return rows.assign(at=heights)
