import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.demand.launches import (
    forecast_launches,
    launch_range,
    measure_launch_spread,
    measure_ramp,
    take_from_family,
)
from sopkit.demand.places import forecast_places
from sopkit.demand.successors import join_successors, list_pairs, split_successors
from sopkit.tables import TABLES, fit_columns


def master(*rows: dict) -> pd.DataFrame:
    frame = pd.DataFrame([{"family": "F", **row} for row in rows])
    for name in ("launch_date", "end_date"):
        frame[name] = pd.to_datetime(frame.get(name))
    return fit_columns(frame, TABLES["item"])


def panel(first: str, **rows: list[float]) -> pd.DataFrame:
    values = pd.DataFrame.from_dict(rows, orient="index", dtype=float)
    values.columns = pd.date_range(first, periods=values.shape[1], freq="MS", name="period")
    values.index = pd.MultiIndex.from_tuples(
        [(code, "D") for code in values.index], names=["item", "location"]
    )
    return values.sort_index()


NAN = float("nan")


def test_pairs_are_listed_oldest_first_and_circles_are_left_out():
    item = master(
        {"item": "C", "predecessor": "B"},
        {"item": "B", "predecessor": "A"},
        {"item": "A"},
        {"item": "X", "predecessor": "Y"},
        {"item": "Y", "predecessor": "X"},
        {"item": "Z", "predecessor": "gone"},
    )
    assert list_pairs(item) == [("B", "A"), ("C", "B")]


def test_a_successor_takes_over_history_and_both_months_count_once():
    series = panel("2026-01", A=[5, 6, 2], B=[NAN, NAN, 4])
    joined = join_successors(
        series, master({"item": "A"}, {"item": "B", "predecessor": "A"}), series.columns[-1]
    )
    assert joined.loc[("B", "D")].tolist() == [5, 6, 6]
    assert joined.loc[("A", "D")].isna().all()


def test_a_successor_that_is_launched_after_the_horizon_takes_nothing_yet():
    series = panel("2026-01", A=[5, 6, 2])
    item = master({"item": "A"}, {"item": "B", "predecessor": "A", "launch_date": "2026-09-01"})
    assert join_successors(series, item, pd.Timestamp("2026-06-01")).equals(series)


def test_a_pair_shares_its_forecast_in_a_straight_line_and_keeps_its_volume():
    series = panel("2026-01", A=[100.0] * 3)
    item = master(
        {"item": "A", "end_date": "2026-05-31"},
        {"item": "B", "predecessor": "A", "launch_date": "2026-04-01"},
    )
    joined = join_successors(series, item, pd.Timestamp("2026-07-01"))
    months = pd.date_range("2026-04", periods=4, freq="MS", name="period")
    points = pd.DataFrame([[0.0] * 4, [100.0] * 4], index=joined.index, columns=months)
    split = split_successors(points, series, joined, item)
    assert split.loc[("A", "D")].tolist() == pytest.approx([200 / 3, 100 / 3, 0, 0])
    assert split.sum().tolist() == pytest.approx([100] * 4)


def test_a_predecessor_keeps_all_until_the_launch_month():
    series = panel("2024-01", A=[100.0] * 24)
    item = master({"item": "A"}, {"item": "B", "predecessor": "A", "launch_date": "2026-03-01"})
    points, method = forecast_places(series, item, 6)
    assert points.loc[("A", "D")].tolist() == pytest.approx([100, 100, 75, 50, 25, 0])
    assert points.loc[("B", "D")].tolist() == pytest.approx([0, 0, 25, 50, 75, 100])
    assert method[("A", "D")] == "run_out" and method[("B", "D")] == "ensemble"


def test_the_ramp_of_past_launches_is_learned_and_drawn_towards_none():
    new = [NAN] * 12 + [25.0] + [50.0] * 23
    series = panel("2023-01", L=[100.0] * 36, N=new)
    ramp = measure_ramp(series, master({"item": "L"}, {"item": "N", "like_item": "L"}))
    assert ramp.launches == 1
    assert ramp.shape[0] == pytest.approx(0.5**0.5)  # half the mature level, one launch against one
    assert ramp.shape[1:] == pytest.approx(1.0)
    assert ramp.level == pytest.approx(np.log(0.5) / 2)


def test_a_launch_without_any_past_one_follows_its_like_item():
    series = panel("2023-01", L=[100.0] * 36)
    item = master({"item": "L"}, {"item": "N", "like_item": "L", "launch_date": "2026-02-15"})
    points, method = forecast_places(series, item, 3)
    assert method[("N", "D")] == "like_item"
    assert points.loc[("N", "D")].tolist() == pytest.approx([0, 50, 100])
    spread = measure_launch_spread(
        series.reindex([("L", "D"), ("N", "D")]), pd.Index([("N", "D")]), item
    )
    assert spread.tolist() == pytest.approx([0.6])


def test_a_launch_moves_to_its_own_pace_as_months_come_in():
    def level_after(months: int) -> float:
        own = [NAN] * (36 - months) + [50.0] * months
        series = panel("2023-01", L=[100.0] * 36, N=own)
        points = pd.DataFrame(
            [[100.0], [0.0]],
            index=series.index,
            columns=pd.date_range("2026-01", periods=1, freq="MS"),
        )
        item = master({"item": "L"}, {"item": "N", "like_item": "L"})
        return float(forecast_launches(series, pd.Index([("N", "D")]), points, item)[0, 0])

    assert 50 < level_after(10) < level_after(4) < level_after(2) < 100


def test_the_range_of_a_launch_lies_around_its_median():
    low, high = launch_range(np.array([100.0]), np.array([0.4]), 1.2816)
    assert low.tolist() == pytest.approx([59.9], abs=0.1)
    assert high.tolist() == pytest.approx([167.0], abs=0.1)


def test_cannibalised_volume_is_conserved():
    months = pd.date_range("2026-01", periods=1, freq="MS")
    series = panel("2025-01", A=[60.0] * 12, B=[40.0] * 12, N=[NAN] * 12)
    points = pd.DataFrame([[60.0], [40.0], [100.0]], index=series.index, columns=months)
    item = master({"item": "A"}, {"item": "B"}, {"item": "N", "cannibal_rate": 0.3})
    taken = take_from_family(points, series, item, pd.Index([("N", "D")]))
    assert taken.iloc[:, 0].tolist() == pytest.approx([42, 28, 100])


def test_a_family_gives_no_more_than_it_has():
    months = pd.date_range("2026-01", periods=1, freq="MS")
    series = panel("2025-01", A=[10.0] * 12, N=[NAN] * 12)
    points = pd.DataFrame([[10.0], [100.0]], index=series.index, columns=months)
    item = master({"item": "A"}, {"item": "N", "cannibal_rate": 0.5})
    assert take_from_family(points, series, item, pd.Index([("N", "D")])).iloc[0, 0] == 0


def test_months_already_sold_are_in_the_familys_history():
    months = pd.date_range("2026-01", periods=1, freq="MS")
    series = panel("2025-01", A=[60.0] * 12, N=[NAN] * 9 + [80.0] * 3)
    points = pd.DataFrame([[60.0], [100.0]], index=series.index, columns=months)
    item = master({"item": "A"}, {"item": "N", "cannibal_rate": 0.3})
    taken = take_from_family(points, series, item, pd.Index([("N", "D")]))
    assert taken.iloc[0, 0] == pytest.approx(60 - 0.3 * 20)


def test_the_listing_of_columns_knows_the_rate():
    assert "cannibal_rate" in TABLES["item"].column_names
    assert table("item cannibal_rate", "A 0.2")["cannibal_rate"].tolist() == [0.2]
