"""The chart of gains along the demand range: which lines, where their labels stand."""

from __future__ import annotations

import pytest
from builders import table

from sopkit.charts.scenarios import plot_wins, spread_labels, to_win_lines
from sopkit.messages import catalogue

WIN = table(
    "scenario end gain_value",
    *["base low 0", "base agreed 0", "base high 0"],
    *["small low 1", "small agreed 1", "small high 1"],
    *["large low -5", "large agreed 2", "large high 9"],
    *["part low -", "part agreed 3", "part high -"],
)
NAMES = {name: ("scenarios.title", {"title": name}) for name in ("base", "small", "large")}


def test_lines_are_the_base_plan_and_what_was_asked_at_all_ends_the_largest_first():
    rows = to_win_lines(WIN, ["small", "large", "part"])
    assert rows["scenario"].drop_duplicates().tolist() == ["base", "large", "small"]
    assert rows["gain_value"].tolist() == [0, 0, 0, -5, 2, 9, 1, 1, 1]
    assert rows["position"].tolist() == [-1, 0, 1] * 3


def test_labels_at_the_ends_of_lines_never_lie_on_each_other():
    ends = table("scenario position gain_value", "a 1 0", "b 1 1", "c 1 100")
    assert spread_labels(ends)["at"].tolist() == pytest.approx([0, 7.5, 100])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_chart_is_drawn_in_both_languages(lang):
    spec = plot_wins(WIN, ["small", "large"], NAMES, catalogue(lang)).to_dict()
    assert len(spec["layer"]) == 3
