"""The chance of overload, by hand."""

import pytest
from builders import table
from supply_cases import FREE, demand, line, months, tables

from sopkit.supply import add_overload, prepare_case, rough_cut_load

AGREED = "item location customer period demand_qty baseline_qty stream_qty override_qty lo_80_qty hi_80_qty"


def overload(hours: str, low: float, high: float, correlation: float = 0.0):
    wanted = demand("A P 2026-01 100")
    case = prepare_case(tables(**line(hours, count=1)), wanted, months(1), rates=FREE)
    agreed = table(AGREED, f"A P all 2026-01 100 100 0 0 {low} {high}")
    rows = add_overload(rough_cut_load(case, wanted), case, agreed, correlation)
    return rows["overload_rate"].tolist()


def test_a_line_that_is_just_full_overloads_half_the_time():
    assert overload("100", 80, 120) == [0.5]


def test_a_line_with_room_for_the_high_end_overloads_one_time_in_ten():
    assert overload("120", 80, 120) == pytest.approx([0.1], abs=1e-6)


def test_demand_without_a_range_has_no_chance():
    assert str(overload("120", 100, 100)[0]) == "nan"


def test_places_that_err_together_overload_more_often():
    wanted = demand("A P 2026-01 50", "A D 2026-01 50")
    given = {
        **line("120", count=1),
        "lane": table("from_location to_location lead_time_days", "P D 0"),
    }
    case = prepare_case(tables(**given), wanted, months(1), rates=FREE)
    agreed = table(AGREED, "A P all 2026-01 50 50 0 0 40 60", "A D all 2026-01 50 50 0 0 40 60")
    load = rough_cut_load(case, wanted)
    apart, together = (
        add_overload(load, case, agreed, c)["overload_rate"].iloc[0] for c in (0.0, 1.0)
    )
    assert together == pytest.approx(0.1, abs=1e-6)  # 80 to 120 together
    assert apart == pytest.approx(0.034963, abs=1e-6)  # 1.2816 x sqrt(2) deviations away
