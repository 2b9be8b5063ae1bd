"""Why demand moved: parts that sum exactly, and planted causes that come back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table

from sopkit.demand import CAUSES, explain_move, sum_move, to_past_history
from sopkit.demand.agree import agree_demand
from sopkit.demand.baseline import forecast_baseline
from sopkit.demand.events import take_out_events
from sopkit.demand.moves import AGREE, demand_from
from sopkit.tables import CELL, TABLES, fit_columns

PARTS = [f"{cause}_qty" for cause in CAUSES]
OVERRIDE = (
    "override item family location customer start_period end_period method amount reason_code owner"
)


def make_history(seed: int, months: int, items: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    periods = pd.date_range("2023-01-01", periods=months, freq="MS")
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(months) / 12)
    rows = [
        pd.DataFrame(
            {
                "item": f"I{number}",
                "location": "D",
                "customer": customer,
                "period": periods,
                "actual_qty": np.round(size * season * rng.lognormal(0, 0.1, months), 0),
            }
        )
        for number in range(items)
        for customer, size in (("k", 100 + 20 * number), ("m", 50))
    ]
    frame = pd.concat(rows, ignore_index=True)
    return fit_columns(
        frame.assign(cleaned_qty=frame["actual_qty"], revenue_value=0.0, return_value=0.0),
        TABLES["demand_history"],
    )


def make_inputs(history: pd.DataFrame, cycle: str, **changes: object) -> dict[str, object]:
    item = pd.DataFrame({"item": [f"I{number}" for number in range(6)]})
    item["family"] = ["X", "X", "X", "Y", "Y", "Y"]
    inputs: dict[str, object] = {
        "history": history,
        "item": fit_columns(item, TABLES["item"]),
        "horizon_months": 12,
        "family_weight": 0.3,
        "min_history_months": 24,
        "country": "",
        "event": TABLES["event"].empty(),
        "opportunity_line": TABLES["opportunity_line"].empty(),
        "opportunity_stage": TABLES["opportunity_stage"].empty(),
        "forecast_stream": TABLES["forecast_stream"].empty(),
        "stream_value": TABLES["stream_value"].empty(),
        "override": TABLES["override"].empty(),
        "cycle": cycle,
        "as_of": pd.Timestamp(f"{cycle}-01") - pd.Timedelta(days=1),
    }
    return {**inputs, **changes}


def override(*rows: str) -> pd.DataFrame:
    return fit_columns(table(OVERRIDE, *rows), TABLES["override"])


HISTORY = make_history(5, 37)
THEN_HISTORY = HISTORY[HISTORY["period"] < "2026-01-01"].reset_index(drop=True)


def explain(then: dict, now: dict) -> pd.DataFrame:
    return explain_move(demand_from(then), demand_from(now), then, now)


def test_parts_sum_to_the_change_in_every_cell_and_level():
    then = make_inputs(THEN_HISTORY, "2026-01")
    now = make_inputs(
        HISTORY,
        "2026-02",
        family_weight=0.6,
        override=override("O1 I0 all all all 2026-03 2026-05 delta 50 listing sales"),
    )
    moved = explain(then, now)
    total = moved["last_qty"] + moved[PARTS].sum(axis=1)
    assert (total - moved["demand_qty"]).abs().max() < 1e-6
    assert moved["period"].nunique() == 11
    whole = sum_move(moved, []).iloc[0]
    assert whole["last_qty"] + whole[PARTS].sum() == pytest.approx(whole["demand_qty"], abs=1e-6)
    item = now["item"].assign()
    families = sum_move(moved.merge(item[["item", "family"]], on="item"), ["family"])
    assert families[PARTS].sum().to_numpy() == pytest.approx(whole[PARTS].to_numpy(dtype=float))


def test_nothing_but_time_passing_is_new_actuals():
    moved = sum_move(
        explain(make_inputs(THEN_HISTORY, "2026-01"), make_inputs(HISTORY, "2026-02")), []
    )
    others = [part for part in PARTS if part != "actuals_qty"]
    assert moved[others].abs().to_numpy().max() == 0
    assert moved["actuals_qty"].iloc[0] != 0


def test_each_planted_cause_comes_back_alone():
    """One cause is planted at a time, between two cycles of the same month of history."""
    then = make_inputs(THEN_HISTORY, "2026-01")
    base = demand_from(then)["demand_qty"].sum()
    restated = THEN_HISTORY.assign(cleaned_qty=THEN_HISTORY["cleaned_qty"] * 1.1)
    item = then["item"]
    moved_family = item.assign(family=["X", "X", "Y", "Y", "Y", "Y"])
    ended = item.copy()
    ended.loc[0, "end_date"] = pd.Timestamp("2026-03-31")
    planted = {
        "restated": {"history": restated},
        "hierarchy": {"item": moved_family},
        "model": {"family_weight": 0.9},
        "lifecycle": {"item": ended},
        "overrides": {
            "override": override("O1 all X all all 2026-02 2026-04 delta 70 listing sales")
        },
    }
    for cause, change in planted.items():
        now = {**then, **change}
        moved = sum_move(explain(then, now), []).iloc[0]
        whole = demand_from(now)["demand_qty"].sum() - base
        assert whole != 0
        assert moved[f"{cause}_qty"] == pytest.approx(whole, rel=1e-9), cause
        assert [part for part in PARTS if abs(moved[part]) > 1e-6] == [f"{cause}_qty"]
    assert moved["overrides_qty"] == pytest.approx(210)


def test_all_causes_at_once_still_sum_and_the_override_is_found_in_full():
    then = make_inputs(THEN_HISTORY, "2026-01")
    item = then["item"].assign(family=["X", "X", "Y", "Y", "Y", "Y"])
    item.loc[5, "end_date"] = pd.Timestamp("2026-04-30")
    now = make_inputs(
        HISTORY.assign(cleaned_qty=HISTORY["cleaned_qty"].where(HISTORY["item"] != "I1", 90.0)),
        "2026-02",
        item=item,
        family_weight=0.5,
        override=override("O1 I2 all all k 2026-02 2026-03 delta 40 listing sales"),
    )
    moved = sum_move(explain(then, now), []).iloc[0]
    assert moved["overrides_qty"] == pytest.approx(80)
    assert all(
        abs(moved[f"{cause}_qty"]) > 1 for cause in CAUSES if cause not in ("events", "streams")
    )


def test_a_plan_made_elsewhere_leaves_what_cannot_be_reproduced_to_the_model():
    then, now = make_inputs(THEN_HISTORY, "2026-01"), make_inputs(HISTORY, "2026-02")
    elsewhere = demand_from(then).assign(demand_qty=10.0)
    moved = explain_move(elsewhere, demand_from(now), then, now)
    assert (moved["last_qty"] == 10).all()
    total = moved["last_qty"] + moved[PARTS].sum(axis=1)
    assert np.allclose(total, moved["demand_qty"])
    assert moved["model_qty"].abs().sum() > 0


def test_past_history_takes_todays_cleaning_only_where_orders_are_the_same():
    past = table("item location customer period actual_qty", "A D k 2026-01 10", "A D k 2026-02 20")
    now = fit_columns(
        table(
            "item location customer period actual_qty cleaned_qty revenue_value return_value",
            "A D k 2026-01 10 14 0 0",
            "A D k 2026-02 25 30 0 0",
        ),
        TABLES["demand_history"],
    )
    got = to_past_history(past, now)
    assert got[["actual_qty", "cleaned_qty"]].to_numpy().tolist() == [[10, 14], [20, 20]]


def test_an_event_that_was_not_planned_before_is_found_in_full():
    past = table(
        "event item family start_date end_date uplift_rate owner",
        "E1 all X 2024-05-01 2024-05-31 0.3 sales",
        "E2 all X 2025-09-01 2025-09-30 0.3 sales",
    )
    coming = table(
        "event item family start_date end_date uplift_rate owner",
        "E3 all X 2026-03-01 2026-03-31 0.3 sales",
    )
    known = fit_columns(past, TABLES["event"])
    planned = fit_columns(pd.concat([past, coming], ignore_index=True), TABLES["event"])
    family = THEN_HISTORY["item"].isin(["I0", "I1", "I2"])
    promoted = THEN_HISTORY["period"].isin(pd.to_datetime(["2024-05-01", "2025-09-01"])) & family
    raised = THEN_HISTORY["actual_qty"].mask(promoted, THEN_HISTORY["actual_qty"] * 1.5)
    history = THEN_HISTORY.assign(actual_qty=raised, cleaned_qty=raised)
    then = make_inputs(history, "2026-01", event=known)
    moved = explain(then, {**then, "event": planned})
    march = moved[moved["period"] == "2026-03-01"].merge(
        then["item"][["item", "family"]], on="item"
    )
    in_x = march[march["family"] == "X"]
    uplift = in_x["events_qty"].sum() / in_x["last_qty"].sum()
    assert 0.3 < uplift < 0.7
    assert march.loc[march["family"] == "Y", "events_qty"].abs().sum() == 0
    whole = sum_move(moved, []).iloc[0]
    assert whole["last_qty"] + whole["events_qty"] == pytest.approx(whole["demand_qty"])


def test_the_pieces_are_those_of_the_review():
    then = make_inputs(THEN_HISTORY, "2026-01")
    uplift, steady = take_out_events(then["history"], then["event"], then["item"])
    baseline = forecast_baseline(
        steady, then["item"], 12, TABLES["backtest"].empty(), family_weight=0.3
    )
    agreed = agree_demand(
        baseline, uplift=uplift, **{name: then[name] for name in ("history", "item", *AGREE)}
    ).demand
    columns = [*CELL, "demand_qty"]
    pd.testing.assert_frame_equal(agreed[columns], demand_from(then)[columns])
