"""The KPI registry: each formula on numbers one can check, bands, verdicts and owners."""

from __future__ import annotations

import importlib

import pandas as pd
import pytest
import yaml
from builders import table
from conftest import ROOT

from sopkit.errors import ParameterError
from sopkit.kpi import (
    REGISTRY,
    SPECS,
    STUDIED,
    Band,
    find_causes,
    find_owner_side,
    judge,
    judge_kpis,
    list_figures,
    list_scorecard,
    measure_adherence,
    measure_cover,
    measure_excess,
    measure_forecast,
    measure_nervousness,
    measure_otif,
    measure_turns,
    tell_owners,
    to_agreed_cells,
    to_bands,
    to_scorecard,
)
from sopkit.tables import TABLES, check_table

OCTOBER = pd.Timestamp("2026-10-01")
BACKTEST = table(
    "item location cutoff period lag forecast_qty actual_qty",
    "A D1 2026-08 2026-09 0 100 100",
    "B D1 2026-08 2026-09 0 100 80",
    "A D1 2026-08 2026-10 1 90 100",
    "B D1 2026-08 2026-10 1 130 100",
)
LINES = table(
    "order line item location customer order_date requested_date promised_date shipped_date ordered_qty shipped_qty cancelled_qty",
    "S1 1 A D1 all 2026-09-20 2026-10-01 - 2026-10-01 10 10 0",
    "S2 1 A D2 all 2026-09-20 2026-10-01 - 2026-10-04 10 10 0",
    "S3 1 A D2 all 2026-09-20 2026-10-05 - 2026-10-05 10 6 4",
    "S4 1 A D1 all 2026-09-20 2026-10-06 - 2026-10-06 10 9 0",
    "S5 1 A D1 all 2026-09-20 2026-10-06 - - 10 0 10",
    "S6 1 A D1 all 2026-09-20 - - 2026-09-20 10 10 0",
)


def figure(values: pd.DataFrame, kpi: str) -> pd.Series:
    return values[(values["kpi"] == kpi) & (values["period"] == OCTOBER)].iloc[0]


def test_the_scorecard_has_at_most_eight_kpi_and_none_for_forecasters_only():
    assert {"mase", "rmsse", "smape", "pinball"} == set(STUDIED) < set(REGISTRY)
    names = ["otif", "bias", "turns", "excess", "mase", "wape", "backlog", "touchless", "overload"]
    assert list_scorecard({name: Band() for name in names}) == [
        *names[:4],
        *names[5:],
    ]
    placed = {"otif": Band(on_scorecard=2), "bias": Band(on_scorecard=1), "turns": Band()}
    assert list_scorecard(placed) == ["bias", "otif"]
    with pytest.raises(ParameterError) as told:
        to_bands({name: {"on_scorecard": min(n, 8)} for n, name in enumerate(names, 1)})
    for part in (
        "mase is for forecasters only",
        "has 9 KPI; at most 8",
        "touchless and overload both",
    ):
        assert part in str(told.value)
    with pytest.raises(ParameterError, match="bias and otif both have place 1"):
        to_bands({"bias": {"on_scorecard": 1}, "otif": {"on_scorecard": 1}})


def test_every_kpi_of_the_registry_has_a_formula_that_is_there():
    for kpi in REGISTRY.values():
        assert kpi.formula
        assert kpi.better in ("high", "low", "zero", "none")
        assert kpi.unit in SPECS
        assert kpi.home or kpi.blank, kpi.name
        module, _, name = kpi.home.rpartition(".")
        if kpi.home and not kpi.blank:
            assert hasattr(importlib.import_module(module), name), kpi.home


def test_a_kpi_of_one_side_alone_is_marked():
    assert find_owner_side(Band(sales="sales_owner", operations="logistics")) == "both"
    assert find_owner_side(Band(operations="production")) == "operations"
    assert find_owner_side(Band(sales="sales_owner")) == "sales"
    assert find_owner_side(Band()) == "nobody"
    row = {"sales": "", "operations": "production"}
    assert tell_owners(row)[0] == "kpi.alone_operations"


def test_accuracy_and_bias_are_pooled_at_the_lag_and_shown_by_month():
    values = measure_forecast(BACKTEST, 1, OCTOBER)
    assert figure(values, "accuracy")["kpi_number"] == pytest.approx(0.8)  # 40 off of 200
    assert figure(values, "bias")["kpi_number"] == pytest.approx(0.1)
    assert figure(values, "accuracy")["n"] == 2
    september = values[values["period"] == "2026-09-01"].set_index("kpi")
    assert september["kpi_number"].round(6).to_dict() == {
        "accuracy": round(1 - 20 / 180, 6),
        "wape": round(20 / 180, 6),
        "bias": round(20 / 180, 6),
    }
    assert september["lag"].tolist() == [0, 0, 0]
    assert set(values["source"]) == {"baseline"}


def test_agreed_demand_of_past_cycles_is_scored_where_there_is_any():
    past = table(
        "cycle item location period demand_qty",
        "2026-09 A D1 2026-10 80",
        "2026-09 A D1 2026-11 999",
        "2026-10 A D1 2026-10 95",
    )
    history = table("item location customer period actual_qty", "A D1 all 2026-10 100")
    cells = to_agreed_cells(past, history)
    assert cells[["lag", "forecast_qty", "actual_qty"]].to_numpy().tolist() == [
        [1, 80, 100],
        [0, 95, 100],
    ]
    values = measure_forecast(BACKTEST, 1, OCTOBER, cells)
    assert set(values["source"]) == {"agreed"}
    assert figure(values, "bias")["kpi_number"] == pytest.approx(-0.2)
    other_lag = measure_forecast(BACKTEST, 1, OCTOBER, cells[cells["lag"] == 0])
    assert set(other_lag["source"]) == {"baseline"}


def test_a_line_is_on_time_and_in_full_when_all_not_cancelled_left_by_its_day():
    values = measure_otif(LINES, OCTOBER)
    october = values[values["period"] == OCTOBER].iloc[0]
    assert (october["kpi_number"], october["n"]) == (0.5, 4)
    assert values["period"].min() == pd.Timestamp("2026-09-01")
    assert measure_otif(LINES, OCTOBER, tolerance_days=3)["kpi_number"].iloc[-1] == 0.75


def test_turns_need_thirteen_month_ends():
    months = pd.date_range("2025-10-01", "2026-10-01", freq="MS")
    stock, sold = pd.Series(100.0, index=months), pd.Series(50.0, index=months)
    assert measure_turns(stock, sold, OCTOBER)["kpi_number"].tolist() == [6.0]
    short = measure_turns(stock.iloc[1:], sold, OCTOBER).iloc[0]
    assert pd.isna(short["kpi_number"])
    assert short["why_blank"] == "no_stock_history"


def test_days_of_supply_look_forward():
    months = pd.date_range("2026-11-01", periods=3, freq="MS")
    cover = measure_cover(pd.Series({OCTOBER: 100.0}), pd.Series(50.0, index=months), OCTOBER)
    assert cover["kpi_number"].round(6).tolist() == [60.8]
    nothing = measure_cover(pd.Series({OCTOBER: 100.0}), pd.Series(dtype=float), OCTOBER)
    assert nothing["why_blank"].tolist() == ["no_demand"]


def test_excess_is_a_share_of_stock():
    assert measure_excess(30, 200, 4, OCTOBER)["kpi_number"].tolist() == [0.15]
    assert measure_excess(0, 0, 0, OCTOBER)["why_blank"].tolist() == ["no_stock"]


def plan(*rows: str) -> pd.DataFrame:
    return table("item location period plan_qty", *rows)


def test_a_change_weighs_less_the_farther_it_is():
    past = plan("A D1 2026-11 100", "A D1 2026-12 100", "A D1 2026-10 500")
    now = plan("A D1 2026-11 110", "A D1 2026-12 80", "A D1 2027-01 70")
    value = measure_nervousness(now, past, pd.Timestamp("2026-11-01"))
    assert value["kpi_number"].round(6).tolist() == [round(20 / 150, 6)]
    first = measure_nervousness(now, past.iloc[:0], pd.Timestamp("2026-11-01"))
    assert first["why_blank"].tolist() == ["second_cycle"]


def test_adherence_counts_over_and_under_production_alike():
    made = table(
        "item location period made_qty scrapped_qty", "A P1 2026-10 90 0", "B P1 2026-10 60 0"
    )
    planned = table("item period supply_qty", "A 2026-10 100", "B 2026-10 50", "A 2026-11 999")
    value = measure_adherence(made, planned, OCTOBER).set_index("kpi")["kpi_number"].round(6)
    assert value.to_dict() == {
        "adherence": round(1 - 20 / 150, 6),
        "adherence_over": round(10 / 150, 6),
        "adherence_under": round(10 / 150, 6),
        "attainment": round(140 / 150, 6),
    }
    assert set(measure_adherence(made, planned.iloc[2:], OCTOBER)["why_blank"]) == {"second_cycle"}
    assert set(measure_adherence(made.iloc[:0], planned, OCTOBER)["why_blank"]) == {"no_production"}


def test_a_value_is_judged_against_its_band():
    band = Band(low=0.95, high=0.99, watch=0.03)
    assert [judge(v, band) for v in (0.97, 0.92, 0.9, 1.0)] == ["good", "warn", "bad", "warn"]
    assert judge(float("nan"), band) == judge(0.9, None) == judge(0.9, Band()) == "none"


def test_judged_values_keep_the_contract():
    values = judge_kpis(measure_excess(30, 200, 4, OCTOBER), {"excess": Band(high=0.1, watch=0.1)})
    row = check_table(values, TABLES["kpi_value"]).iloc[0]
    assert (row["unit"], row["band_high"], row["verdict"]) == ("rate", 0.1, "warn")
    assert pd.isna(row["band_low"])


def test_all_problems_of_the_band_file_are_told_at_once():
    stored = {
        "otiff": {"low": 0.9},
        "otif": {"low": "high", "sales": "boss", "colour": 1},
        "bias": 3,
    }
    with pytest.raises(ParameterError) as told:
        to_bands(stored)
    for part in ("otiff is no KPI", "otif.low = 'high'", "otif.sales", "otif.colour", "bias holds"):
        assert part in str(told.value)


def test_the_projects_bands_are_fit_and_name_an_owner():
    stored = yaml.safe_load((ROOT / "params/kpi.yaml").read_text("utf-8"))
    bands = to_bands(stored)
    assert len(list_scorecard(bands)) == 8
    assert all(band.sales or band.operations for band in bands.values())


def test_the_largest_error_names_the_cause():
    items = table("item family", "A tea", "B cola")
    causes = find_causes(BACKTEST, LINES, items, 1, OCTOBER)
    assert causes == {"accuracy": "cola", "bias": "cola", "otif": "D1"}


def test_the_scorecard_has_a_row_for_every_kpi_with_its_months_and_owners():
    bands = {"accuracy": Band(low=0.9, sales="sales_owner"), "otif": Band(low=0.4)}
    measured = pd.concat([measure_forecast(BACKTEST, 1, OCTOBER), measure_otif(LINES, OCTOBER)])
    card = to_scorecard(judge_kpis(measured, bands), bands, 1, OCTOBER).set_index("kpi")
    assert card.index.tolist() == ["accuracy", "otif"]
    assert card.loc["accuracy", ["side", "verdict", "sales", "operations"]].tolist() == [
        *("low", "bad"),
        *("sales_owner", ""),
    ]
    assert card.loc["otif", "trend"] == [1.0, 0.5]
    assert card.loc["otif", "side"] == "good"
    everything = list_figures(judge_kpis(measured, bands), bands, 1, OCTOBER).set_index("kpi")
    assert everything.index.tolist() == list(REGISTRY)
    assert everything.loc["turns", ["side", "why_blank"]].tolist() == ["blank", "not_measured"]
