import pandas as pd
from builders import table

from sopkit.charts.supply import (
    plot_families,
    plot_load,
    plot_stock,
    plot_supply,
    to_load_cells,
)
from sopkit.messages import catalogue
from sopkit.report.plots import to_spec, to_still

T = catalogue("zh")
LOAD = table(
    "resource period load_rate state",
    "L 2026-11 0.44 fits",
    "L 2026-12 1.07 overtime",
    "L 2027-01 1.3 over",
)
MONTHS = table(
    "family period supply_qty demand_qty",
    *[f"tea 2026-1{m} 5 4" for m in (0, 1, 2)],
    *[f"cola 2026-1{m} 50 40" for m in (0, 1, 2)],
)
STOCK = table("period stock_value target_value", *[f"2026-0{m} {10 * m} 5" for m in range(1, 7)])


def test_a_cell_says_its_load_and_judges_it_by_colour():
    cells = to_load_cells(LOAD, T)
    assert cells["text"].tolist() == ["44", "107", "130"]
    assert cells["fill"].tolist() == ["var(--plan)", "var(--warn)", "var(--bad)"]
    assert cells["month"].tolist() == ["2026-11", "2026-12", "2027-01"]


def test_a_month_without_hours_has_no_rate():
    blank = LOAD.assign(load_rate=float("nan"))
    assert to_load_cells(blank, T)["text"].tolist() == ["–"] * 3


def test_only_the_first_resources_are_drawn():
    many = pd.concat([LOAD.assign(resource=f"L{n:02}") for n in range(40)])
    assert to_load_cells(many, T)["name"].nunique() == 24


def test_every_chart_can_be_drawn_in_both_languages():
    for lang in ("en", "zh"):
        t = catalogue(lang)
        charts = [
            plot_load(LOAD, t),
            plot_supply(MONTHS, t),
            plot_families(MONTHS, t),
            plot_stock(STOCK, t),
        ]
        for chart in charts:
            assert to_still(to_spec(chart, lang), lang).startswith("<svg")
