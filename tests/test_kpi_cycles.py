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


PAST = table(
    "cycle close_to_sign_days steps_signed steps_on_time days_late open_conflicts",
    "2026-09 20 4 3 2 1",
    "2026-10 - 0 0 0 2",
)
AUGUST, SEPTEMBER = pd.Timestamp("2026-08-01"), pd.Timestamp("2026-09-01")


def test_health_of_the_cycles_is_listed_by_the_month_before_their_meetings():
    values = measure_cycle_health(PAST, 0.9, 3, OCTOBER)
    known = values[values["kpi_number"].notna()].set_index(["kpi", "period"])["kpi_number"]
    assert known["one_number"].to_dict() == {OCTOBER: 0.9}
    assert known["open_conflicts"].to_dict() == {OCTOBER: 3, AUGUST: 1, SEPTEMBER: 2}
    assert known["steps_on_time"].to_dict() == {AUGUST: 0.75}
    assert known["days_late"].to_dict() == {AUGUST: 2, SEPTEMBER: 0}
    assert known["close_to_sign"].to_dict() == {AUGUST: 20}  # the next was never published


def test_this_cycle_is_not_signed_yet():
    values = measure_cycle_health(PAST, 0.9, 0, OCTOBER)
    blank = values[values["kpi_number"].isna()]
    assert blank["kpi"].tolist() == ["steps_on_time", "days_late", "close_to_sign"]
    assert set(blank["period"]) == {OCTOBER} and set(blank["why_blank"]) == {"not_signed"}
    first = measure_cycle_health(PAST.iloc[:0], None, 0, OCTOBER)
    assert len(first) == 5 and set(first["why_blank"].dropna()) == {"no_other_number", "not_signed"}


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
    now = measure_cycle_health(PAST.iloc[:0], 0.5, 0, OCTOBER)
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


def test_the_demo_companys_log_tells_of_eighteen_months_that_became_quicker():
    log = build_company(DEMO_SEED).past_cycles
    days = (log["signed"] - log["close"]).dt.days
    share = log["agreed"] / log["revenue"]
    assert len(log) == 18 and log["cycle"].iloc[-1] == "2026-10"
    assert (log["signed"] < pd.Timestamp("2026-11-01")).all()
    assert days.iloc[-6:].mean() < days.iloc[:6].mean()
    assert share.iloc[-6:].mean() > share.iloc[:6].mean()
