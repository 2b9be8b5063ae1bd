"""Charts of the executive review: volume from the past year to the end of the horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sopkit.charts.style import (
    ACTUAL,
    BUDGET,
    LAST_PLAN,
    PLAN,
    RANGE,
    Texts,
    amount_axis,
    line_labels,
    month_axis,
    time_fence,
)

if TYPE_CHECKING:
    import altair as alt

SERIES = ("actual", "plan", "budget", "last_plan")
LABEL_AWAY = 0.07
NAME_DAYS = 150


def to_volume_months(
    outlook: pd.DataFrame,
    ranges: pd.DataFrame,
    budget: pd.DataFrame,
    last_plan: pd.DataFrame,
    cycle_period: pd.Timestamp,
    past_months: int = 12,
) -> pd.DataFrame:
    """Return the months of the volume chart: what came, the plan, its range, budget, last plan.

    Args:
        outlook: actual to date and plan to go: `period`, `plan_qty`, `source`.
        ranges: `period`, `lo_80_qty`, `hi_80_qty` of all demand of a month.
        budget: contract `budget`; months outside the chart are left out.
        last_plan: `period` and `plan_qty` of the last cycle's plan.
        cycle_period: first planned month.
        past_months: months of history shown.

    Returns:
        `period`, `actual`, `plan`, `low`, `high` (demand at both ends of its range), `budget`,
        `last_plan` [units]; the plan's line starts at the last actual month.
    """
    actual = outlook[outlook["source"] == "actual"].groupby("period")["plan_qty"].sum()
    plan = outlook[outlook["source"] == "plan"].groupby("period")["plan_qty"].sum()
    actual = actual.sort_index().iloc[-past_months:]
    ends = ranges.set_index("period")
    months = pd.DataFrame(index=actual.index.union(plan.index).rename("period"))
    months["actual"], months["plan"] = actual, plan
    months["low"], months["high"] = ends["lo_80_qty"], ends["hi_80_qty"]
    if len(actual):
        last = actual.index[-1]
        months.loc[last, ["plan", "low", "high"]] = actual[last]
    ahead = months.index >= (actual.index[-1] if len(actual) else cycle_period)
    wanted = budget.groupby("period")["budget_qty"].sum()
    months["budget"] = wanted.reindex(months.index).where(ahead)
    before = last_plan.groupby("period")["plan_qty"].sum()
    months["last_plan"] = before.reindex(months.index).where(ahead)
    return months.reset_index()


def plot_volume(
    months: pd.DataFrame, fence: tuple[pd.Timestamp, pd.Timestamp], t: Texts
) -> alt.LayerChart | alt.FacetChart:
    """Draw actual, plan with its range, budget and last plan, a line each.

    Args:
        months: a row a month: `period`, `actual`, `plan`, `budget`, `last_plan`, `low`, `high`
            [units]; blank where there is none.
        fence: first and last day of the time in which the plan no longer moves.
        t: words of one language.
    """
    import altair as alt

    ranged = alt.Chart(months.dropna(subset=["low", "high"]))
    band = ranged.mark_area(fill=RANGE).encode(
        x=month_axis(), y=amount_axis(t, "low", zero=False), y2="high:Q"
    )
    layers = [time_fence(t, *fence), band]
    styles: dict[str, dict[str, Any]] = {
        "last_plan": {"stroke": LAST_PLAN, "strokeWidth": 1.5},
        "budget": {"stroke": BUDGET, "strokeWidth": 1.6, "strokeDash": [2, 4]},
        "plan": {"stroke": PLAN},
        "actual": {"stroke": ACTUAL},
    }
    for name, style in styles.items():
        rows = months[["period", name]].dropna()
        if len(rows):
            tips = [
                alt.Tooltip("period:T", format="%Y-%m"),
                alt.Tooltip(f"{name}:Q", format=",.0f", title=t(f"series.{name}")),
            ]
            line = alt.Chart(rows).mark_line(**style)
            height = alt.Y(f"{name}:Q", scale=alt.Scale(zero=False))
            layers.append(line.encode(x="period:T", y=height, tooltip=tips))
    layers.append(line_labels(t, place_labels(months)))
    return alt.layer(*layers)


def place_labels(months: pd.DataFrame) -> pd.DataFrame:
    """Return where each line's name stands: the month and side with most room to every line.

    Args:
        months: what `to_volume_months` returned.

    Returns:
        `series`, `period`, `amount` (the line there), `dy` (pixels below it); lines of fewer
        than three months have no name.
    """
    lines = months.set_index("period")[list(SERIES)]
    reach = float(lines.max().max() - lines.min().min()) or 1.0
    rows: list[dict[str, Any]] = []
    for name in SERIES:
        own = lines[name].dropna()
        places = [
            (_measure_room(lines, rows, month, own[month] + side * LABEL_AWAY * reach), side, month)
            for month in own.index[1:-1]
            for side in (1, -1)
        ]
        if places:
            _, side, month = max(places, key=lambda place: (place[0], place[1]))
            dy = -12 if side > 0 else 14
            height = own[month] + side * LABEL_AWAY * reach
            row = {"series": name, "period": month, "amount": own[month], "dy": dy}
            rows.append({**row, "height": height})
    return pd.DataFrame(rows, columns=["series", "period", "amount", "dy"])


def _measure_room(
    lines: pd.DataFrame, placed: list[dict[str, Any]], month: Any, height: float
) -> float:
    """Return the distance from a point to the nearest line or name around its month."""
    at = list(lines.index).index(month)
    near = lines.iloc[max(at - 1, 0) : at + 2]
    low, high = near.min(), near.max()
    inside = (low <= height) & (height <= high)
    away = pd.concat([(low - height).abs(), (high - height).abs()], axis=1).min(axis=1)
    names = [
        abs(height - row["height"])
        for row in placed
        if abs((row["period"] - month).days) < NAME_DAYS
    ]
    return min([float(away.mask(inside, 0.0).min()), *names])
