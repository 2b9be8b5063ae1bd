"""Charts of targets: each band beside the plan and the range of demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sopkit.charts.style import BUDGET, INK, MUTED, PLAN, RANGE, Texts

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 34
MOST_ROWS = 12
ALL = "all"
AMOUNTS = ("low", "high", "lo_80", "hi_80", "expected", "reached")


def plot_bands(bands: pd.DataFrame, t: Texts) -> alt.LayerChart | alt.FacetChart:
    """Draw each target as a line from low to high with base at 100 %, demand's range under it.

    Pale bar: 80 of 100 outcomes of demand; blue tick: expected demand; ring: the plan. In per cent
    of base, so that targets of any size stand below one another; at most 12 rows.

    Args:
        bands: contract `target_band`, rows in the order shown; those without money are left out.
        t: words of one language.
    """
    import altair as alt

    rows = to_band_rows(bands, t)
    order = rows["name"].tolist()
    axis = alt.Axis(format=".0%", title=None)
    base = alt.Chart(rows).encode(
        y=alt.Y("name:N", sort=order, axis=alt.Axis(title=None, labelLimit=170, labelAlign="right"))
    )
    scale = alt.Scale(zero=False, padding=16)
    tips = [alt.Tooltip("name:N", title=" ")] + [
        alt.Tooltip(f"{name}_text:N", title=t(f"targets.series.{name}")) for name in AMOUNTS
    ]
    demand = base.mark_bar(height=16, fill=RANGE, cornerRadius=2).encode(
        x=alt.X("lo_80:Q", axis=axis, scale=scale), x2="hi_80:Q", tooltip=tips
    )
    band = base.mark_rule(stroke=BUDGET, strokeWidth=3).encode(x="low:Q", x2="high:Q", tooltip=tips)
    ends = [
        base.mark_tick(color=BUDGET, thickness=2, height=height).encode(x=f"{name}:Q")
        for name, height in (("low", 10), ("high", 10), ("base", 20))
    ]
    expected = base.mark_tick(color=PLAN, thickness=3, height=16).encode(x="expected:Q")
    plan = base.mark_point(filled=False, stroke=INK, size=60, strokeWidth=1.6).encode(
        x="reached:Q", tooltip=tips
    )
    chart = alt.layer(demand, band, *ends, expected, plan, *_name_marks(rows, t))
    return chart.properties(height=ROW_HEIGHT * (len(rows) + 1))


def to_band_rows(bands: pd.DataFrame, t: Texts) -> pd.DataFrame:
    """Return the rows of the chart: amounts as shares of base, and as texts.

    Args:
        bands: contract `target_band`.
        t: words of one language.
    """
    known = bands[bands["base_value"].notna() & (bands["base_value"] > 0)].head(MOST_ROWS)
    base = known["base_value"]
    rows = pd.DataFrame({"name": [_name(row, t) for row in known.to_dict("records")], "base": 1.0})
    columns = {"lo_80": "lo_80_value", "hi_80": "hi_80_value", "expected": "expected_value"}
    columns |= {"low": "low_value", "high": "high_value", "reached": "reached_value"}
    for name, column in columns.items():
        rows[name] = (known[column] / base).to_numpy()
        rows[f"{name}_text"] = [t.show(one, "money") for one in known[column]]
    return rows


def _name(row: dict[Any, Any], t: Texts) -> str:
    """Return what a target is for: family, place, customer, as far as they are named."""
    parts = [
        t.label(key, row[key]) for key in ("family", "location", "customer") if row[key] != ALL
    ]
    parts = parts or [t.label("family", ALL)]
    months = f"{row['first_period']:%Y-%m}" if row.get("show_month") else ""
    return " ".join(filter(None, [*parts, months]))


def _name_marks(rows: pd.DataFrame, t: Texts) -> list[alt.Chart]:
    """Return names over the first row's marks, so that no legend is needed."""
    import altair as alt

    if rows.empty:
        return []
    first, sort = rows.iloc[0], rows["name"].tolist()

    def base(x: float, key: str) -> alt.Chart:
        words = t(f"targets.series.{key}")
        return alt.Chart(pd.DataFrame({"name": [first["name"]], "x": [x], "text": [words]})).encode(
            y=alt.Y("name:N", sort=sort), x="x:Q", text="text:N"
        )

    return [
        base(first["high"], "band").mark_text(dx=6, align="left", fill=BUDGET),
        base(first["lo_80"], "range").mark_text(dx=-6, align="right", fill=MUTED),
    ]
