"""`sopkit forecast` and `forecast_series`: any monthly series, whatever state it is in."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks import forecast_speed
from builders import table
from typer.testing import CliRunner

from sopkit import demand
from sopkit.cli.commands import app
from sopkit.demand import any_series, gaps, series_rows
from sopkit.errors import InputError, ParameterError
from sopkit.tables import TABLES, check_table

CYCLE = pd.Timestamp("2026-05-01")
YEAR = np.array([6.0, 12, 18, 12, 6, 12, 18, 12, 6, 12, 18, 12])


def rows(**series):
    """One series per keyword: (first month, numbers)."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "unique_id": name,
                    "ds": pd.date_range(start, periods=len(values), freq="MS"),
                    "y": np.asarray(values, dtype=float),
                }
            )
            for name, (start, values) in series.items()
        ],
        ignore_index=True,
    )


def one(values, start="2021-01-01"):
    return rows(a=(start, values))


def noisy(count, months, seed=5):
    """Return seasonal series with noise, `count` of them."""
    rng = np.random.default_rng(seed)
    return rows(
        **{
            f"s{number:03d}": (
                "2020-03-01",
                100 * np.resize(YEAR, months) * np.exp(rng.normal(0, 0.2, months)),
            )
            for number in range(count)
        }
    )


def check_whole(given, made, horizon, levels=(80,)):
    """Every id and month is there, no blank, ranges in order, no number below 0 without reason."""
    names = [f"forecast-{side}-{level}" for level in levels for side in ("lo", "hi")]
    assert list(made) == ["unique_id", "ds", "forecast", *names]
    last = given.assign(ds=pd.to_datetime(given["ds"])).groupby("unique_id")["ds"].max()
    first = last.dt.to_period("M") + 1
    got = made.groupby("unique_id")["ds"]
    assert got.min().dt.to_period("M").equals(first.rename("ds"))
    assert (got.nunique() == horizon).all() and len(made) == horizon * len(last)
    assert np.isfinite(made[["forecast", *names]].to_numpy()).all()
    ordered = [f"forecast-lo-{level}" for level in reversed(levels)] + ["forecast"]
    ordered += [f"forecast-hi-{level}" for level in levels]
    assert (np.diff(made[ordered].to_numpy(), axis=1) >= 0).all()
    if not (given["y"] < 0).any():
        assert (made[["forecast", *names]] >= 0).all(axis=None)


def test_any_series_is_forecast_from_its_own_last_month():
    given = rows(
        a=("2020-01-01", [10.0] * 36), b=("2021-06-01", [4.0] * 30), c=("2024-01-01", [0.0, 0.0])
    )
    made = demand.forecast_series(given, 3)
    check_whole(given, made, 3)
    assert made["ds"].dt.strftime("%Y-%m").tolist()[::3] == ["2023-01", "2023-12", "2024-03"]
    assert np.allclose(made["forecast"], [10] * 3 + [4] * 3 + [0] * 3)


def test_any_series_equals_the_baseline():
    values = 50 + 20 * np.sin(np.arange(48) / 3)
    past = pd.DataFrame({"item": "A", "location": "D", "customer": "all"}, index=range(48))
    past["period"] = pd.date_range("2022-05-01", periods=48, freq="MS")
    past[["actual_qty", "cleaned_qty"]] = np.stack([values, values], axis=1)
    item = check_table(table("item family", "A Water"), TABLES["item"])
    tested = demand.backtest_baseline(
        past, item, CYCLE, cutoffs=3, backtest_horizon=6, cutoff_step_months=6
    )
    told = demand.forecast_baseline(past, item, 6, tested)
    made = demand.forecast_series(rows(A=("2022-05-01", values)), 6)
    assert np.allclose(
        made[["forecast", "forecast-lo-80", "forecast-hi-80"]],
        told[["baseline_qty", "lo_80_qty", "hi_80_qty"]],
    )


def test_levels_are_asked_for_in_any_order_and_lie_in_each_other():
    given = noisy(12, 60)
    made = demand.forecast_series(given, 12, [95, 50, 80])
    check_whole(given, made, 12, [50, 80, 95])


def test_parts_of_a_panel_share_one_pool_of_errors(monkeypatch):
    given = noisy(9, 48)
    whole = demand.forecast_series(given, 6)
    monkeypatch.setattr(any_series, "MOST_SERIES", 4)
    assert np.allclose(demand.forecast_series(given, 6)["forecast-hi-80"], whole["forecast-hi-80"])


BELOW = {"below", "negative", "around", "one_below", "two_signs"}
ODD = {
    "one": [5.0],
    "two": [5.0, 6.0],
    "zero": [0.0] * 30,
    "constant": [7.0] * 40,
    "missing": [np.nan] * 12,
    "late": [np.nan] * 12 + [5.0],
    "below": [-5.0] * 30,
    "negative": -np.tile(YEAR, 4),
    "around": np.tile(YEAR, 4) - 10,
    "one_below": [-3.0],
    "two_signs": [4.0, -4.0],
    "huge": 1e12 * np.tile(YEAR, 4),
    "tiny": 1e-6 * np.tile(YEAR, 4),
    "sudden": [0.0] * 29 + [1e12],
    "holed": [5.0] * 20 + [np.nan] * 3 + [5.0] * 20,
    "rare": [1.0, 0, 0] * 12,
    "ends_blank": [5.0] * 30 + [np.nan] * 2,
}


@pytest.mark.parametrize("rule", ["zero", "missing"])
@pytest.mark.filterwarnings("ignore::sopkit.demand.any_series.SeriesWarning")
def test_odd_series_get_a_number_for_every_month_and_spoil_no_other(rule):
    odd = rows(**{name: ("2021-01-01", values) for name, values in ODD.items()})
    given = pd.concat([odd, noisy(3, 40)])
    made = demand.forecast_series(given, 120, [80, 95], gaps=rule)
    check_whole(given, made, 120, [80, 95])
    alone = demand.forecast_series(noisy(3, 40), 120)
    others = made[~made["unique_id"].isin(list(ODD))]
    assert np.allclose(others["forecast"], alone["forecast"])
    got = made.groupby("unique_id")["forecast"].first()
    for name, want in {"one": 5, "zero": 0, "constant": 7, "missing": 0, "below": -5}.items():
        assert got[name] == pytest.approx(want), name
    low = made.groupby("unique_id")["forecast-lo-80"].min()
    assert (low < 0).to_dict() == {name: name in BELOW for name in low.index}


@pytest.mark.parametrize("size", [1e12, 1e-6])
def test_the_unit_of_a_series_changes_nothing(size):
    plain, scaled = noisy(5, 60), noisy(5, 60)
    scaled["y"] *= size
    numbers = ["forecast", "forecast-lo-80", "forecast-hi-80"]
    small, large = demand.forecast_series(plain, 12), demand.forecast_series(scaled, 12)
    assert np.allclose(large[numbers] / size, small[numbers], rtol=1e-6)


def test_a_series_below_zero_keeps_its_season_and_its_range_may_be_below_zero():
    made = demand.forecast_series(one(np.tile(YEAR, 5) - 12.0), 12)
    assert np.allclose(made["forecast"], YEAR - 12, atol=0.6)
    assert (made["forecast-lo-80"] < 0).any()
    constant = demand.forecast_series(one([-5.0] * 36), 6)
    assert np.allclose(constant["forecast"], -5)


def test_missing_months_count_zero_or_lie_between_their_neighbours_and_are_counted():
    given = one([10.0] * 30).drop(index=[5, 7])
    with pytest.warns(any_series.SeriesWarning, match=r"^2 missing month.* 1 series count 0"):
        demand.forecast_series(given, 2)
    with pytest.warns(any_series.SeriesWarning, match="2 missing month.* between their neighbours"):
        made = demand.forecast_series(given, 2, gaps="missing")
    assert np.allclose(made["forecast"], 10)


def test_a_calendar_is_taken_out_where_a_country_is_named():
    """New Year lies in January 2023 and 2025, in February in the other years."""
    months = pd.date_range("2018-01-01", periods=96, freq="MS")
    holiday = {year: 1 if year in (2020, 2023, 2025) else 2 for year in range(2018, 2027)}
    low = np.array([holiday[month.year] == month.month for month in months])
    rng = np.random.default_rng(8)
    given = rows(
        **{
            f"s{number}": ("2018-01-01", 100 * np.where(low, 0.5, 1.0) * rng.lognormal(0, 0.03, 96))
            for number in range(12)
        },
        ended=("2018-01-01", np.full(50, 9.0)),
    )
    made = demand.forecast_series(given, 2, country="CN")
    plain = demand.forecast_series(given, 2)
    check_whole(given, made, 2)
    january, february = (made[made["ds"] == f"2026-0{m}-01"]["forecast"].mean() for m in (1, 2))
    flat = plain[plain["ds"] == "2026-02-01"]["forecast"].mean()
    assert abs(february - 50) < abs(flat - 50) and january > 80
    assert np.allclose(made.loc[made["unique_id"] == "ended", "forecast"], 9, rtol=0.1)


def test_a_missing_month_of_a_series_below_zero_counts_zero_too():
    holed = one([-5.0] * 36).drop(index=[20, 30])
    with pytest.warns(any_series.SeriesWarning):
        made = demand.forecast_series(holed, 1)
    full = demand.forecast_series(one([0.0 if m in (20, 30) else -5.0 for m in range(36)]), 1)
    pd.testing.assert_frame_equal(made, full)


def test_gaps_are_filled_by_the_rule():
    values = np.array([[np.nan, 10.0, np.nan, 30.0]])
    assert gaps.fill_gaps(values, "zero")[0, 1:].tolist() == [10, 0, 30]
    assert gaps.fill_gaps(values, "missing")[0, 1:].tolist() == [10, 20, 30]
    year = np.tile(YEAR, 4)
    holed = year.copy()
    holed[[14, 30, 47]] = np.nan
    assert np.allclose(gaps.fill_gaps(holed[None], "missing")[0], year, rtol=0.02)


def test_no_test_sees_a_month_after_its_cutoff():
    given = noisy(4, 48)
    changed = given.copy()
    late = changed["ds"] > "2023-08-01"
    changed.loc[late, "y"] = -9.0
    asked = [any_series.check_rows(frame) for frame in (given, changed)]
    parts = [any_series._group_series(r, any_series._last_months(r), False)[0] for r in asked]
    known = [
        any_series._forecast(any_series.Part(values[:, :42], end - 6, 6, "zero", ""))[0]
        for _, values, end in parts
    ]
    assert np.array_equal(*known)


def test_a_month_may_be_written_in_many_ways_and_none_is_guessed():
    given = pd.Series(
        ["2026-01-31", "2026/1/5", "202601", "20260131", "2026年1月", "2026-01-01 00:00:00"]
    )
    assert set(series_rows.to_month_numbers(given)) == {2026 * 12}
    assert series_rows.to_month_numbers(pd.Series([202601, 202613, 45000])).tolist() == [
        *[2026 * 12, -1, -1]
    ]
    for wrong in ("31/01/2026", "2026-13-01", "2026-02-30", "Jan 2026", "", "0001-01-01", None):
        assert series_rows.to_month_numbers(pd.Series([wrong], dtype=object)).tolist() == [-1]
    known = pd.Series(pd.to_datetime(["2026-01-31"]).tz_localize("Asia/Shanghai"))
    assert series_rows.to_month_numbers(known).tolist() == [2026 * 12]


def test_month_ends_are_the_same_months():
    given = noisy(2, 40)
    ends = given.assign(ds=given["ds"] + pd.offsets.MonthEnd(0))
    pd.testing.assert_frame_equal(demand.forecast_series(ends, 4), demand.forecast_series(given, 4))


def test_numbers_as_ids_come_back_as_numbers():
    given = noisy(2, 30)
    given["unique_id"] = given["unique_id"].map({"s000": 10, "s001": 9})
    assert demand.forecast_series(given, 1)["unique_id"].tolist() == [9, 10]


def test_all_problems_of_the_rows_are_told_at_once():
    given = one([1.0, 2, 3, 4, 5]).astype({"ds": object, "y": object})
    given.loc[1, "unique_id"] = " "
    given.loc[2, "ds"] = "31/01/2026"
    given.loc[3, "y"] = "many"
    given.loc[4, "ds"] = given.loc[0, "ds"]
    with pytest.raises(InputError) as told:
        demand.forecast_series(given, 2)
    assert "unique_id is blank in 1 row(s); first: row 3" in str(told.value)
    assert "ds is no date in 1 row(s); first: row 4 ('31/01/2026')" in str(told.value)
    assert "y is no number in 1 row(s); first: row 5 ('many')" in str(told.value)
    assert "1 row(s) share their series and month" in str(told.value)
    with pytest.raises(InputError, match="column y is missing"):
        demand.forecast_series(given.drop(columns="y"), 2)
    with pytest.raises(InputError, match="there is no row"):
        demand.forecast_series(given.head(0), 2)


def test_weeks_given_as_months_are_named_as_such():
    weeks = pd.DataFrame(
        {"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=100, freq="W")}
    )
    with pytest.raises(InputError, match=r"77 row.*row 3 \(a, 2024-01\): data by week or day\?"):
        demand.forecast_series(weeks.assign(y=1.0), 2)


def test_all_wrong_options_are_told_at_once():
    with pytest.raises(ParameterError) as told:
        demand.forecast_series(one([1.0]), 0, [0, 80], "XX", gaps="guess", engine="spark")
    assert told.value.exit_code == 2
    for part in ("0 is not", "[0, 80] is not", "'XX' is not", "'guess' is not", "'spark' is not"):
        assert part in str(told.value)


def test_without_dask_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match=r'pip install "sopkit\[dask\]"'):
        demand.forecast_series(one([1.0, 2]), 2, engine="dask")


def test_many_series_of_one_month_are_quick_and_small():
    count = 50_000
    given = pd.DataFrame(
        {"unique_id": np.arange(count).astype(str), "ds": "2026-04-01", "y": np.arange(count)}
    )
    started = time.process_time()
    made = demand.forecast_series(given, 3)
    assert time.process_time() - started < 20
    assert made["forecast"].iloc[::3].sum() == pytest.approx(given["y"].sum())
    assert len(made) == 3 * count


def test_the_first_forecast_of_a_fresh_process_is_quick():
    """The bound is 3 CPU seconds, imports included; a slice of tests/benchmarks/forecast_speed.py."""
    seconds, _ = forecast_speed.run_apart(forecast_speed.FRESH)
    assert seconds <= 3


def test_a_series_costs_milliseconds():
    """The bound is 30 ms of CPU a series of 60 months: points, ranges and backtest."""
    given = forecast_speed.make_series(200, 60, seed=1)
    started = time.process_time()
    demand.forecast_series(given, 12, [80, 95])
    assert (time.process_time() - started) / 200 <= 0.03


def call(words: str):
    """Run the command in the folder of the test, in this process."""
    return CliRunner().invoke(app, ["forecast", *words.split()], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_what_the_function_gives(folder):
    given = noisy(3, 40)
    given.to_parquet("a.parquet")
    given.to_csv("a.csv", index=False)
    want = demand.forecast_series(given, 3, [80, 95])
    for source, target in (("a.parquet", "o.csv"), ("a.csv", "o.parquet")):
        done = call(f"{source} --horizon 3 --output {target} --level 80 --level 95")
        assert (done.exit_code, done.stdout) == (0, f"{target}: 3 series, 3 months each\n")
    made = pd.read_csv("o.csv", parse_dates=["ds"])
    pd.testing.assert_frame_equal(made, want, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet("o.parquet"), want, check_dtype=False)


def test_ids_are_text_as_they_stand(folder):
    names = ["007", "NA", " A 1", "水 500ml", "🍊", "1e5", '"x, y"']
    lines = [
        f'"{name.replace(chr(34), chr(34) * 2)}",{202401 + month},5'
        for name in names
        for month in range(12)
    ]
    Path("a.csv").write_text("unique_id,ds,y\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert call("a.csv --horizon 2 --output o.csv").exit_code == 0
    made = pd.read_csv("o.csv", dtype=str, keep_default_na=False)
    assert sorted(set(made["unique_id"])) == sorted(names)
    assert set(made["ds"]) == {"2025-01-01", "2025-02-01"}


def test_blanks_and_gaps_are_counted_on_the_screen_and_text_is_refused(folder):
    lines = [f"A,2025-{month:02d}-28,{'' if month == 3 else 4}" for month in range(1, 13)]
    Path("a.csv").write_text("unique_id,ds,y\n" + "\n".join(lines) + "\nB,2025-01-01,NA\n")
    done = call("a.csv --horizon 2 --output o.csv --gaps missing")
    assert done.exit_code == 0
    assert "Warning: 1 missing month(s) inside 1 series are taken between" in done.stderr
    assert "Warning: 1 series hold no number and are forecast as 0; first: B" in done.stderr
    assert len(pd.read_csv("o.csv")) == 4
    Path("b.csv").write_text("unique_id,ds,y\nA,2025-01-01,1 box\n")
    done = call("b.csv --horizon 2 --output p.csv")
    assert (done.exit_code, Path("p.csv").exists()) == (1, False)
    assert "b.csv: The series are not fit" in done.stderr and "row 2 ('1 box')" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("a.csv --horizon 0 --output o.csv", 2, "1 to 600; 0 is not"),
        ("a.csv --horizon -1 --output o.csv", 2, "-1 is not"),
        ("a.csv --horizon 2 --output o.csv --level 100", 2, "[100.0] is not"),
        ("a.csv --horizon 2 --output o.csv --engine spark", 2, "spark"),
        ("a.csv --horizon 2 --output o.xlsx", 2, "o.xlsx is neither"),
        ("empty.csv --horizon 2 --output o.csv", 1, "it is empty"),
        ("long.csv --horizon 2 --output o.csv", 1, "more fields than its header"),
        ("later.csv --horizon 2 --output o.csv", 1, "Expected 3 fields in line 3, saw 4"),
        ("serial.csv --horizon 2 --output o.csv", 1, "ds is no date in 1 row(s); first: row 2"),
        ("semi.csv --horizon 2 --output o.csv", 1, "ds is missing (there: unique_id;ds;y)"),
        ("gb.csv --horizon 2 --output o.csv", 1, "is not UTF-8"),
    ],
)
def test_a_wrong_word_or_file_is_told_in_one_message(folder, words, code, sentence):
    Path("a.csv").write_text("unique_id,ds,y\nA,2025-01-01,1\n")
    Path("empty.csv").write_text("")
    Path("long.csv").write_text("unique_id,ds,y\nA,2025-01-01,1,234\n")
    Path("later.csv").write_text("unique_id,ds,y\nA,2025-01-01,1\nA,2025-02-01,1,234\n")
    Path("serial.csv").write_text("unique_id,ds,y\nA,45000,1\n")
    Path("semi.csv").write_text("unique_id;ds;y\nA;2025-01-01;1\n")
    Path("gb.csv").write_bytes("unique_id,ds,y\n啤酒,2025-01-01,1\n".encode("gb18030"))
    done = call(words)
    assert done.exit_code == code
    assert sentence in done.stderr
    assert not Path("o.csv").exists()
