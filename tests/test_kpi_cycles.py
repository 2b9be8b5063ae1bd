"""The process as KPI: signed when, how much had one number, and how that moved."""

import pandas as pd
from builders import table

from sopkit.demo import DEMO_SEED, build_company
from sopkit.kpi import (
    list_cycle_trends,
    measure_cycle_health,
    measure_given_cycles,
    name_trend,
)
from sopkit.periods import to_cycle_period
from sopkit.tables import TABLES, fit_columns

OCTOBER = pd.Timestamp("2026-10-01")
LOG = fit_columns(
    table(
        "cycle close_date signed_date revenue_value agreed_value",
        "2025-10 2025-10-10 2025-10-30 100 40",
        "2026-09 2026-09-04 2026-09-22 100 60",
        "2026-10 2026-10-10 - 0 0",
    ),
    TABLES["past_cycle"],
)


def one(values, name):
    own = values[values["kpi"] == name]
    assert len(own) == 1
    return own.iloc[0]["kpi_number"]


def test_health_of_the_cycles_is_listed():
    health = table(
        "cycle close_to_sign_days steps_signed steps_on_time days_late open_conflicts",
        "2026-11 20 4 3 2 1",
    )
    values = measure_cycle_health(health, 0.9, OCTOBER)
    figures = {
        name: one(values, name)
        for name in ("steps_on_time", "days_late", "close_to_sign", "open_conflicts", "one_number")
    }
    assert list(figures.values()) == [0.75, 2, 20, 1, 0.9]
    empty = measure_cycle_health(health.iloc[:0], None, OCTOBER)
    assert set(empty["why_blank"]) == {"no_other_number", "not_signed"}
    assert len(empty) == 5


def test_a_cycle_before_this_one_leaves_this_one_unsigned():
    health = table(
        "cycle close_to_sign_days steps_signed steps_on_time days_late open_conflicts",
        "2026-10 - 4 3 2 1",
    )
    values = measure_cycle_health(health, 0.9, OCTOBER)
    own = values[values["kpi"] == "days_late"]
    assert own["period"].tolist() == [OCTOBER, pd.Timestamp("2026-09-01")]
    assert own["why_blank"].tolist()[0] == "not_signed" and own["kpi_number"].tolist()[1] == 2
    assert one(values, "close_to_sign") != one(values, "close_to_sign")  # blank: never published


def test_the_companys_log_counts_for_cycles_that_the_planbook_does_not_have():
    values = measure_given_cycles(LOG, set())
    days = values[values["kpi"] == "close_to_sign"]
    assert days["kpi_number"].tolist() == [20, 18]  # the last was never signed
    assert days["period"].tolist() == [pd.Timestamp("2025-09-01"), pd.Timestamp("2026-08-01")]
    assert values[values["kpi"] == "one_number"]["kpi_number"].tolist() == [0.4, 0.6]
    assert set(values["source"]) == {"given"}
    assert len(measure_given_cycles(LOG, {"2026-09"})) == 2
    assert measure_given_cycles(LOG.iloc[:0], set()).empty


def test_the_last_cycle_is_set_beside_that_of_a_year_before():
    now = measure_cycle_health(pd.DataFrame(columns=HEALTH), 0.5, OCTOBER)
    moves = list_cycle_trends(pd.concat([now, measure_given_cycles(LOG, set())]).assign(unit="x"))
    days, share = moves.to_dict("records")
    assert (days["before_number"], days["after_number"], days["change_number"]) == (20, 18, -2)
    assert days["after_period"] == to_cycle_period("2026-09") and days["trend"] == [20, 18]
    assert (share["before_number"], share["after_number"]) == (0.6, 0.5)  # of 2026-09: no older
    assert share["trend"] == [0.4, 0.6, 0.5]
    assert name_trend(moves.iloc[0]) == "kpi.cycles_less"
    assert name_trend(pd.Series({**moves.iloc[0], "change_number": 0})) == "kpi.cycles_same"
    assert name_trend(moves.iloc[1]) == "kpi.cycles_share"
    assert list_cycle_trends(now).empty


HEALTH = ["cycle", "close_to_sign_days", "steps_signed", "steps_on_time", "days_late"]
HEALTH += ["open_conflicts"]


def test_the_demo_companys_log_tells_of_eighteen_months_that_became_quicker():
    log = build_company(DEMO_SEED).past_cycles
    days = (log["signed"] - log["close"]).dt.days
    share = log["agreed"] / log["revenue"]
    assert len(log) == 18 and log["cycle"].iloc[-1] == "2026-10"
    assert (log["signed"] < pd.Timestamp("2026-11-01")).all()
    assert days.iloc[-6:].mean() < days.iloc[:6].mean()
    assert share.iloc[-6:].mean() > share.iloc[:6].mean()
