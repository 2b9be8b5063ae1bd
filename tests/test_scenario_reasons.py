"""Reasons of refused scenarios are told in either language, never in the words of the other."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from builders import table

from sopkit.consensus import tell_rule
from sopkit.errors import InputError
from sopkit.messages import catalogue
from sopkit.scenario.reasons import Message, tell_past, tell_reason
from sopkit.scenario.tell import tell_block, tell_state
from sopkit.supply import Rates, SupplyTables, list_codes, net_demand, prepare_case
from sopkit.supply.whatif import change_case, find_changes
from sopkit.tables import TABLES

PERIODS = pd.date_range("2026-11-01", periods=3, freq="MS", name="period")
AGREED = table(
    "item location customer period demand_qty lo_80_qty hi_80_qty",
    *[f"{item} D1 K {month:%Y-%m} 10 8 12" for item in "AB" for month in PERIODS],
)
DEMAND = net_demand(
    AGREED, TABLES["sales_order_line"].empty(), TABLES["service_class"].empty(), PERIODS
)
SIZE = {"change": "+10 %"}
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")


@pytest.fixture(scope="module")
def case():
    """A line L1 makes A; B is bought of V1; L2 is in no capacity table."""
    tables = SupplyTables.collect(
        {
            "item": table("item family", "A tea", "B tea", "C tea"),
            "operation": table("operation item location unit_cost_value", "oA A D1 6"),
            "resource": table("resource location overtime_value", "L1 D1 2", "L2 D1 2"),
            "resource_need": table("operation resource hours_per_unit", "oA L1 1"),
            "capacity": table(
                "resource period regular_hours overtime_hours",
                *[f"L1 {month:%Y-%m} 15 10" for month in PERIODS],
            ),
            "purchase_term": table(
                "item location supplier lead_time_days price_value", "B D1 V1 10 3"
            ),
        }
    )
    return prepare_case(tables, DEMAND, PERIODS, rates=Rates(fair_share_rate=0.0))


def say(message: Message, lang: str = "zh") -> str:
    """Return a message in a language."""
    key, values = message
    return catalogue(lang)(key, **values)


def refuse(case, *blocks: dict[str, str]) -> str:
    """Return why blocks are refused, as the column `detail` has it."""
    found, wrong = find_changes(list(blocks), list_codes(case.tables, DEMAND, PERIODS))
    if wrong:
        return "; ".join(one.text for one in wrong)
    with pytest.raises(InputError) as refused:
        change_case(case, DEMAND, list(found.values()), None)
    return str(refused.value)


REFUSED = [
    ([{"from": "2026-11"}], "没有写明改动什么"),
    ([{"capacity": "L1", "cost": "V1", **SIZE}], "同时写了 capacity和cost，一段只改一项"),
    ([{"capacity": "L1", "form": "x", **SIZE}], "“form”在此无意义（或许是 from）"),
    ([{"capacity": "L9", **SIZE}], "没有此资源：L9（或许是 L2 / L1）"),
    ([{"limit": "zz", **SIZE}], "没有此供应商、线路或物料：zz"),
    ([{"lead_time": "zz", "change": "+1 days"}], "没有此工序、供应商或线路：zz"),
    ([{"outage": "zz"}], "没有此供应商：zz"),
    ([{"demand": "zz", **SIZE}], "没有此系列、物料或客户：zz"),
    ([{"cost": "zz", **SIZE}], "没有此工序或供应商：zz"),
    ([{"demand": "tea", "location": "zz", **SIZE}], "没有此地点：zz"),
    ([{"lead_time": "V1", "from": "2026-11", "change": "+1 days"}], "请去掉 `from`"),
    ([{"capacity": "L1", "from": "May", **SIZE}], "`from`：May 不是月份"),
    ([{"capacity": "L1", "from": "2031-01", **SIZE}], "不在计划范围内（2026-11 至 2027-01）"),
    ([{"capacity": "L1", "to": "2026-12", **SIZE}], "有 `to` 而没有 `from`"),
    ([{"capacity": "L1", "from": "2026-12", "to": "2026-11", **SIZE}], "`to` 2026-11 早于"),
    ([{"outage": "V1", **SIZE}], "停供不写 `change`"),
    ([{"capacity": "L1"}], "缺少 `change`，写法如 +10 % / +10 hours"),
    ([{"capacity": "L1", "change": "much"}], "无法理解 much，写法如 +10 %"),
    ([{"capacity": "L1", "change": "10 %"}], "10 % 缺少正负号"),
    ([{"capacity": "L1", "change": "-120 %"}], "-120 % 之后低于零"),
    ([{"capacity": "L1", "change": "+0 %"}], "+0 % 没有任何改动"),
    ([{"price": "tea", "elasticity": "x", **SIZE}], "x 不是数字"),
    ([{"price": "tea", "elasticity": "2", **SIZE}], "应为 -20 至 0 的数字"),
    ([{"capacity": "L1", **SIZE}] * 2, "与第 1 段重复"),
    ([{"capacity": "L1", **SIZE}, {"capacity": "L1", "change": "+5 %"}], "与第 1 段矛盾或重复"),
    ([{"capacity": "L2", **SIZE}], "L2在计划中没有工时，不构成限制"),
    ([{"limit": "V1", **SIZE}], "V1没有上限（purchase_term 表的 max_qty）"),
    ([{"demand": "A", "customer": "K", "item": "B", **SIZE}], "这些月份没有相应的需求"),
    ([{"demand": "tea", "change": "P90"}], "此处不知道需求区间"),
    ([{"capacity": "L9", "from": "May", "change": "10 %"}], "L1）；`from`：May 不是月份"),
]


@pytest.mark.parametrize(("blocks", "said"), REFUSED)
def test_every_reason_is_told_in_chinese(case, blocks, said):
    detail = refuse(case, *blocks)
    row = {"why": "doubled" if len(blocks) > 1 else "unknown", "state": "refused"}
    message = tell_state({**row, "detail": detail})
    told = say(message)
    assert said in told, (detail, told)
    assert told.startswith("拒绝")
    assert not ENGLISH.search(told), told
    assert say(message, "en").startswith("refused")


def test_a_sentence_that_nobody_knows_stands_as_it_is():
    assert say(tell_reason("the moon is full")) == "the moon is full"


def test_months_that_passed_are_told_without_english_words():
    assert say(tell_past("2026-05 to 2026-07, 2026-09")) == "2026-05 至 2026-07；2026-09"
    row = {"why": "past", "state": "cut", "detail": "2026-05 to 2026-07"}
    assert say(tell_state(row)) == "月份已过，截去 2026-05 至 2026-07"


def test_sizes_carry_their_unit_in_the_language():
    assert say(tell_block({"kind": "capacity", "subject": "L1", "size": "+80 hours"})).endswith(
        "+80 小时"
    )
    told = tell_block({"kind": "demand", "subject": "A", "size": "+10 %"})
    assert told[1]["size"] == "+10 %"


def test_what_decided_a_number_is_told_with_words_for_its_streams():
    assert say(tell_rule("weights", "sales 96.7 %, orders 3.3 %")) == "销售 96.7%、订单簿 3.3%"
    assert say(tell_rule("weights", "sales 96.7 %"), "en") == "sales 96.7 %"
    assert say(tell_rule("override", "finance, Li"), "zh") == "财务和Li"
    assert say(tell_rule("verdict", "C-2026-11-001")) == "C-2026-11-001"
    assert tell_rule("baseline", None) is None
    assert tell_rule("weights", float("nan")) is None
