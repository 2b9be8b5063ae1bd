"""Measures on numbers one can work out in the head."""

from __future__ import annotations

import doctest
import math

import pytest
from builders import table

from sopkit import accuracy
from sopkit.accuracy import measures


def test_examples_in_the_docstrings_hold():
    result = doctest.testmod(measures)
    assert result.attempted >= 14
    assert result.failed == 0


@pytest.mark.parametrize("measure", [accuracy.wape, accuracy.bias_rate, accuracy.stability])
def test_nothing_sold_has_no_rate(measure):
    assert math.isnan(measure([5, 5], [0, 0]))


def test_accuracy_is_not_negative():
    assert accuracy.forecast_accuracy([100], [10]) == 0


def test_a_flat_past_has_no_mase():
    assert math.isnan(accuracy.mase([8], [10], [5] * 24))


def test_rmsse_starts_at_the_first_demand():
    assert accuracy.rmsse([8], [10], [0] * 50 + [5, 7]) == 1


def test_two_lengths_cannot_be_compared():
    with pytest.raises(ValueError, match="2 forecasts"):
        accuracy.wape([1, 2], [1])


def test_groups_are_scored_apart_and_against_a_reference():
    cells = table(
        "family lag forecast_qty naive_qty actual_qty",
        "Tea 0 8 5 10",
        "Tea 0 12 10 10",
        "Water 0 3 3 0",
    )
    tea, water = accuracy.score_forecasts(cells, ["family"]).to_dict("records")
    assert (tea["cell_count"], tea["wape_rate"], tea["bias_rate"]) == (2, 0.2, 0)
    assert (tea["reference_wape_rate"], tea["value_added_rate"]) == (0.25, pytest.approx(0.05))
    assert math.isnan(water["wape_rate"])
    total = accuracy.score_forecasts(cells, [])
    assert total["wape_rate"].tolist() == [pytest.approx(7 / 20)]


def test_no_cells_give_no_rows_but_all_columns():
    cells = table("family forecast_qty naive_qty actual_qty")
    assert list(accuracy.score_forecasts(cells, ["family"]))[:3] == [
        "family",
        "cell_count",
        "actual_qty",
    ]


def test_sums_at_a_higher_level_net_out_errors():
    cells = table("family item forecast_qty actual_qty", "Tea A 8 10", "Tea B 12 10")
    summed = accuracy.sum_cells(cells, ["family"])
    assert accuracy.wape(summed["forecast_qty"], summed["actual_qty"]) == 0


def test_streams_are_scored_by_owner_and_lag():
    cells = table(
        "stream owner lag period forecast_qty reference_qty actual_qty",
        "sales East 0 2026-01 9 8 10",
        "sales East 0 2026-02 11 12 10",
        "sales West 1 2026-02 5 4 4",
    )
    east, west = accuracy.score_streams(cells).to_dict("records")
    assert (east["cell_count"], east["month_count"]) == (2, 2)
    assert east["wape_rate"] == pytest.approx(0.1)
    assert east["value_added_rate"] == pytest.approx(0.1)
    assert west["bias_rate"] == 0.25
    assert west["value_added_rate"] == -0.25
