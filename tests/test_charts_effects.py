"""The bars of what earlier decisions brought: one pair a decision, its title in lines."""

from __future__ import annotations

import pandas as pd
import pytest

from sopkit.charts.effects import to_effect_bars
from sopkit.messages import catalogue


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("国庆前在罐装线预生产 12 万箱", "国庆前在罐装线预生产|12 万箱"),
        ("采信大区销售预测，不再由市场部下调", "采信大区销售预测，不再由|市场部下调"),
        ("逐步把全部果汁 PET 转到二号线", "逐步把全部果汁 PET|转到二号线"),
        ("短", "短"),
    ],
)
def test_a_chinese_title_breaks_no_number_and_no_word(title, lines):
    effects = pd.DataFrame({"decision": ["D1"], "expected_value": [600.0], "realised_value": [-50]})
    bars = to_effect_bars(effects, catalogue("zh", labels={("decision", "D1"): title}))
    assert bars["name"].unique().tolist() == [lines]
    assert bars["amount"].tolist() == [600, -50]
