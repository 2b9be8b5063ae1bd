from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sopkit.messages
from sopkit.messages import (
    LANGUAGES,
    catalogue,
    full_digits,
    keep_together,
    placeholders,
    read_messages,
)
from sopkit.tables import TABLES

FOLDER = Path(sopkit.messages.__file__).parent
PAGES = sorted({path.stem for lang in LANGUAGES for path in (FOLDER / lang).glob("*.yaml")})
EN, ZH = catalogue("en"), catalogue("zh")


@pytest.mark.parametrize(
    ("value", "spec", "english", "chinese"),
    [
        (4_900_000, "money", "¥ 4.9 M", "490 万元"),
        (231_000_000, "money", "¥ 231 M", "2.31 亿元"),
        (1_200_000_000, "money", "¥ 1.2 B", "12 亿元"),
        (11_900, "money", "¥ 11,900", "1.19 万元"),
        (900_000, "money", "¥ 0.9 M", "90 万元"),
        (9_950, "money", "¥ 9,950", "9,950 元"),
        (0, "money", "¥ 0", "0 元"),
        (-900_000, "money", "−¥ 0.9 M", "−90 万元"),
        (3_100_000, "signed_money", "+¥ 3.1 M", "+310 万元"),
        (-0.2, "signed_money", "−¥ 0.2", "−0.2 元"),
        (0, "signed_money", "¥ 0", "0 元"),
        (9_200_000, "qty", "9.2 M", "920 万"),
        (99_999_999, "qty", "100 M", "1 亿"),
        (41_234, "qty", "41,200", "4.12 万"),
        (9_240_000, "volume", "9.24 M cases", "924 万箱"),
        (310, "signed_volume", "+310 cases", "+310 箱"),
        (0.948, "rate", "94.8 %", "94.8%"),
        (0.96, "rate", "96 %", "96%"),
        (-0.021, "signed_rate", "−2.1 %", "−2.1%"),
        (0.0004, "signed_rate", "0 %", "0%"),
        (0.021, "points", "+2.1 points", "+2.1 个百分点"),
        (0.01, "points", "+1 point", "+1 个百分点"),
        (1234.4, "count", "1,234", "1,234"),
        (310.4, "hours", "310 h", "310 小时"),
        (2.5, "months", "2.5 months", "2.5 个月"),
        (1, "days", "1 day", "1 天"),
        (7.43, "turns", "7.4", "7.4 次"),
        (0.0912, "number", "0.09", "0.09"),
        (pd.Timestamp("2026-10-01"), "month", "Oct 2026", "2026 年 10 月"),
        ("2026-10-01", "ym", "2026-10", "2026-10"),
        ("2026-12-20", "day", "20 Dec 2026", "2026 年 12 月 20 日"),
        ("2026-12-20", "short_day", "20 Dec", "12 月 20 日"),
    ],
)
def test_a_value_is_written_as_each_language_writes_it(value, spec, english, chinese):
    assert (EN.show(value, spec), ZH.show(value, spec)) == (english, chinese)


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NaT, np.float64("nan"), float("inf")])
@pytest.mark.parametrize("spec", ["money", "rate", "month", "count", "label.item", "word.cause"])
def test_a_missing_value_says_so(nothing, spec):
    assert EN.show(nothing, spec) == "n/a"
    assert ZH.show(nothing, spec) == "暂无"


def test_other_currencies_and_units():
    t = catalogue("en", currency="USD", volume_unit="unit")
    assert t.show(1_200_000, "money") == "$ 1.2 M"
    assert t.show(1_200_000, "volume") == "1.2 M units"
    zh = catalogue("zh", currency="CHF", volume_unit="碗")
    assert zh.show(1_200_000, "money") == "120 万CHF"
    assert zh.show(12, "volume") == "12 碗"


def test_a_figure_in_a_table_is_whole_with_a_real_minus():
    assert full_digits(-1_234_567.2) == "−1,234,567"
    assert full_digits(-0.2) == "0"


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_keys_and_placeholders(page):
    english, chinese = read_messages("en", page), read_messages("zh", page)
    assert _without_singulars(english) == _without_singulars(chinese)
    names = {lang: {} for lang in LANGUAGES}
    for lang, messages in (("en", english), ("zh", chinese)):
        for key, template in messages.items():
            if not key.startswith("format."):
                names[lang][key] = {asked.partition(":")[0] for asked in placeholders(template)}
    shared = names["en"].keys() & names["zh"].keys()
    assert {k: names["en"][k] for k in shared} == {k: names["zh"][k] for k in shared}


def _without_singulars(messages):
    return sorted(key for key in messages if not key.endswith("_one"))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_message_asks_for_known_formats(lang, page):
    t = catalogue(lang)
    for template in read_messages(lang, page).values():
        for asked in placeholders(template):
            spec = asked.partition(":")[2]
            if spec:
                t.show(None, spec)


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
def test_every_column_and_allowed_word_of_the_contracts_has_words(t):
    columns = [column for table in TABLES.values() for column in table.columns]
    assert [c.name for c in columns if not t.has(f"col.{c.name}")] == []
    words = [f"word.{c.name}.{value}" for c in columns for value in c.allowed]
    assert [key for key in words if not t.has(key)] == []


def test_one_is_written_in_the_singular():
    assert EN("index.sub", n=1) != EN("index.sub", n=2)
    assert EN("index.sub", n=1).startswith("One month")


def test_codes_take_their_labels_and_words():
    labels = {("resource", "L2"): "罐装二线", ("item", "A"): "可乐"}
    t = catalogue("zh", labels=labels)
    assert t.show(["L2", "X9"], "label.resource") == "罐装二线和X9"
    assert t.label("component", "A") == "可乐"
    assert t.label("cause_code", "L2") == "罐装二线"
    assert t.label("location", "all") == "全部"
    assert t.word("cause", "resource") == "产能"
    assert t.word("cause", "moon") == "moon"
    assert t.word("recommended", True) == "是"


def test_a_notebook_may_bring_its_own_sentences():
    t = EN.with_own({"mine.hello": "{n:count} lines"})
    assert t("mine.hello", n=1200) == "1,200 lines"
    assert t("nav.supply") == "Supply"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: EN("supply.no_such_key"), "'supply.no_such_key' in language 'en'"),
        (lambda: EN("index.sub"), "the value 'n' is missing"),
        (lambda: EN.show(1, "furlongs"), "format 'furlongs' is none of money"),
        (lambda: catalogue("fr"), "language 'fr' is none of en, zh"),
    ],
)
def test_what_is_missing_is_named(call, told):
    with pytest.raises(KeyError) as missing:
        call()
    assert told in str(missing.value.args[0])


def test_values_are_text_and_never_templates():
    t = EN.with_own({"mine.name": "Item {name}"})
    assert t("mine.name", name="{n:count} <b>") == "Item {n:count} <b>"


def test_amounts_do_not_wrap():
    assert keep_together("lost ¥ 4.9 M in May") == "lost ¥\u00a04.9\u00a0M in May"
    assert keep_together("计划 924 万箱") == "计划 924\u00a0万箱"
    assert keep_together("94.8 % of 9.2 M cases") == "94.8\u00a0% of 9.2\u00a0M\u00a0cases"


def test_the_units_of_the_plan_are_always_known():
    own = {"mine.note": "In {unit} and {symbol}"}
    assert EN.with_own(own)("mine.note") == "In cases and ¥"
    assert ZH.with_own(own)("mine.note") == "In 箱 and ¥"


def test_what_people_wrote_in_both_languages_is_shown_in_that_of_the_page():
    title = "三月停供 / Out in March"
    assert (EN.text(title), ZH.text(title)) == ("Out in March", "三月停供")
    assert (EN("scenarios.title", title=title), ZH("scenarios.title", title=title)) == (
        *("Out in March", "三月停供"),
    )
    assert EN.text(None) == EN.show(float("nan"), "money")


def test_an_owner_is_called_by_his_label_else_by_his_role_else_by_his_name_in_the_language():
    t = catalogue("zh", labels={("owner", "采购"): "采购经理"})
    assert t.label("owner", "采购") == "采购经理"
    assert t.label("owner", "finance") == "财务"
    assert t.label("owner", "销售总监 / Sales director") == "销售总监"
    assert t.label("item", "甲 / A") == "甲 / A"


def test_money_is_named_as_the_language_names_it():
    told = {"currency": "CNY"}
    assert ZH("consensus.chart_note", **told).startswith("净收入，元／月")
    assert EN("consensus.chart_note", **told).startswith("Net revenue, CNY a month")
    assert ZH.show("XAU", "currency") == "XAU"
