"""The agreed number made again with residual 0, and the chance of a conflict's first number."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import table

from sopkit.consensus import find_conflicts, list_conflict_options
from sopkit.demand import Correlation, apply_overrides, apply_streams, to_consensus_demand
from sopkit.scenario import rate_first_numbers, replay_agreed
from sopkit.tables import TABLES, fit_columns

ITEMS = table("item family", "A tea", "B tea")
HISTORY = table(
    "item location customer period cleaned_qty", "A D1 K 2026-10 60", "B D1 K 2026-10 40"
)
BASELINE = table(
    "item location customer period baseline_qty event_qty pipeline_qty lo_80_qty hi_80_qty",
    "A D1 K 2026-11 60 5 0 50 80",
    "B D1 K 2026-11 40 0 2 30 50",
)
STREAM = table(
    "cycle stream owner item family location customer period forecast_qty",
    "2026-11 sales Kim all tea all all 2026-11 140",
)
RULE = table("stream owner lag weight_rate bias_used_rate", "sales Kim 0 0.5 0.1")
OVERRIDE = fit_columns(
    table(
        "override item family location customer start_period end_period method amount reason_code "
        "owner entered_date",
        "O1 A all all all 2026-11 2026-11 delta -5 correction Lee 2026-10-28",
    ).assign(assumption="none"),
    TABLES["override"],
)
KNOWN = pd.Timestamp("2026-10-31")


def agree() -> pd.DataFrame:
    said = apply_streams(BASELINE, STREAM, RULE, HISTORY, ITEMS, "2026-11")
    return to_consensus_demand(apply_overrides(said, OVERRIDE, HISTORY, ITEMS, KNOWN)[0])


def test_the_agreed_number_is_made_again_to_the_digit():
    made = replay_agreed(agree(), STREAM, RULE, OVERRIDE, HISTORY, ITEMS, "2026-11", KNOWN)
    assert made["residual_qty"].abs().max() == 0
    assert made["override_qty"].tolist() == [-5, 0]
    assert made["demand_qty"].sum() == pytest.approx(107 + 0.5 * (140 / 1.1 - 107) - 5)


def test_a_number_that_the_rule_does_not_give_shows_as_residual():
    changed = agree()
    changed["demand_qty"] += [3.0, 0.0]
    made = replay_agreed(changed, STREAM, RULE, OVERRIDE, HISTORY, ITEMS, "2026-11", KNOWN)
    assert made["residual_qty"].tolist() == pytest.approx([-3, 0])


def test_without_streams_and_overrides_it_is_the_baseline_with_events_and_deals():
    quiet = to_consensus_demand(BASELINE.assign(stream_qty=0.0, override_qty=0.0))
    made = replay_agreed(
        quiet, STREAM.iloc[:0], RULE.iloc[:0], OVERRIDE.iloc[:0], HISTORY, ITEMS, "2026-11", KNOWN
    )
    assert made["residual_qty"].abs().max() == 0
    assert made["demand_qty"].tolist() == [65, 42]


@pytest.mark.parametrize(("first", "chance"), [(140, 0.1), (60, 0.1), (101, 0.487)])
def test_the_chance_of_a_number_is_that_of_the_middle_between_both(first, chance):
    cells = table(
        "item location customer period demand_qty demand_value revenue_value lo_80_qty hi_80_qty",
        "A D1 K 2026-11 100 100 100 80 120",
    )
    customers = table("customer channel", "K shops")
    found = find_conflicts(
        table(
            "family kind first_owner second_owner period first_value second_value demand_value",
            f"tea sales_supply Kim Sam 2026-11 {first} 100 100",
        ),
        1,
        "2026-11",
    )
    options = list_conflict_options(
        found,
        cells,
        ITEMS,
        customers,
        pd.DataFrame(),
        table("item period cause cause_code cause_period short_value"),
    )
    chances = rate_first_numbers(found, options, cells, ITEMS, customers, Correlation(0.5, 0.5))
    assert chances["C-2026-11-001"] == pytest.approx(chance, abs=1e-3)
