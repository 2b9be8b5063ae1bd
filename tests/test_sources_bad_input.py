"""Bad input: each kind gives one clear message that names file, row, rule and what to do."""

from __future__ import annotations

import pandas as pd
import pytest
from small_files import FILES, TABLES, found, load, refused

from sopkit.errors import InputError
from sopkit.sources import is_fit, raise_if_unfit, summarise, to_json


def test_a_missing_file_is_named_with_the_folder(tmp_path):
    loaded = load(tmp_path, cost="{file: kosten_*.csv, columns: {item: a, unit_cost_value: b}}")
    assert loaded.errors == (
        "cost: kosten_*.csv: no such file in .; put it there, or correct `file` in the mapping.",
    )


def test_a_missing_column_is_named_with_the_header_that_is_there(tmp_path):
    loaded = load(tmp_path, {"sales.csv": "item,place,month,pieces\n001,P1,2026-10,1\n"})
    assert loaded.errors == (
        "sales_history: sales.csv: column qty is missing; the header has item, place, month, "
        "pieces. Add it, or correct its name in the mapping.",
        "sales_history: sales.csv: column money is missing; the header has item, place, month, "
        "pieces. Add it, or correct its name in the mapping.",
    )


def test_a_column_that_stands_twice_asks_which_one(tmp_path):
    text = "item,place,month,qty,qty,money\n001,P1,2026-10,1,2,3\n"
    loaded = load(tmp_path, {"sales.csv": text})
    assert loaded.errors == (
        "sales_history: sales.csv: column qty stands 2 times; say qty#1 or qty#2 in the mapping.",
    )


def test_an_empty_file_is_an_error(tmp_path):
    loaded = load(tmp_path, {"items.csv": ""})
    assert "item: items.csv is empty; export it again." in loaded.errors


def test_a_required_file_with_a_header_alone_is_an_error_and_an_optional_one_a_warning(tmp_path):
    loaded = load(
        tmp_path,
        {"sales.csv": "item,place,month,qty,money\n", "cost.csv": "item,c\n"},
        cost="{file: cost.csv, columns: {item: item, unit_cost_value: c}}",
    )
    assert loaded.errors == ("sales_history: sales.csv has a header and no rows; export it again.",)
    assert found(loaded, "empty_file")[["table", "severity"]].to_numpy().tolist() == [
        ["cost", "warning"]
    ]


def test_a_wrong_encoding_is_told_with_the_one_that_fits(tmp_path):
    text = "item,item_name,family\n001,可口可乐,饮料\n".encode("gb18030")
    loaded = load(tmp_path, {"items.csv": text})
    assert loaded.errors[0] == (
        "item: items.csv is not in utf-8 (row 2 cannot be read); it can be read as gb18030: "
        "write `encoding: gb18030` in the mapping."
    )


def test_all_broken_files_are_told_at_once_and_no_orphans_follow_from_them(tmp_path):
    loaded = load(
        tmp_path,
        {"items.csv": "", "places.csv": "site\nP1\n"},
        cost="{file: cost.csv, columns: {item: item, unit_cost_value: c}}",
    )
    assert len(loaded.errors) == 3
    assert loaded.refused.empty
    with pytest.raises(InputError) as told:
        raise_if_unfit(loaded)
    lines = str(told.value).splitlines()
    assert lines[0] == "The company's files are not fit to plan on"
    assert len(lines) == 5


def test_tables_that_no_month_can_do_without_are_asked_for(tmp_path):
    loaded = load(tmp_path, location="", sales_history="")
    assert loaded.errors == (
        "location: no file is mapped to it; no month goes without.",
        "no file is mapped to sales_history or sales_order_line.",
    )


def test_the_second_of_two_rows_with_one_key_is_refused_with_its_money(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "001,P1,2026年9月,99,990\n"})
    assert refused(loaded) == [
        (
            "sales.csv",
            5,
            "item, location, customer, period",
            "doubled key",
            "001, P1, all, 2026-09-01",
        )
    ]
    assert loaded.refused["amount_value"].tolist() == [990.0]
    assert loaded.refused["advice"].tolist() == ["Keep one of the rows that share the key."]
    assert loaded.tables["sales_history"]["actual_qty"].sum() == 27.0


def test_text_in_a_number_is_refused_with_row_and_value(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "002,P1,2026-09,ten,80\n"})
    assert refused(loaded) == [("sales.csv", 5, "qty", "number", "ten")]
    row = loaded.refused.iloc[0]
    assert row["amount_value"] == 80.0
    assert row["content"] == "item=002; place=P1; month=2026-09; qty=ten; money=80"


def test_a_row_that_breaks_two_rules_stands_twice_and_carries_its_money_once(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "777,P1,soon,1,80\n"})
    assert [row[2:4] for row in refused(loaded)] == [("item", "no master row"), ("month", "date")]
    assert loaded.refused["amount_value"].sum() == 80.0
    assert loaded.tied.set_index("table").loc["sales_history", "rows_refused"] == 1


def test_a_code_without_a_master_row_is_refused(tmp_path):
    loaded = load(
        tmp_path, {"sales.csv": FILES["sales.csv"] + "1,P1,2026-09,1,9\n001,P9,2026-08,1,9\n"}
    )
    assert refused(loaded) == [
        ("sales.csv", 5, "item", "no master row", "1"),
        ("sales.csv", 6, "place", "no master row", "P9"),
    ]
    assert is_fit(loaded)


def test_a_target_may_name_a_channel_and_an_unknown_customer_is_told(tmp_path):
    loaded = load(
        tmp_path,
        {
            "c.csv": "code,channel\nK1,retail\n",
            "t.csv": "who,wanted\nK1,1\nretail,2\nwholesale,3\n",
        },
        customer="{file: c.csv, columns: {customer: code, channel: channel}}",
        target="{file: t.csv, columns: {customer: who, period: {value: 2026-10}, "
        "target_value: wanted}}",
    )
    assert found(loaded, "orphan")["value"].tolist() == ["customer wholesale (rows 4)"]
    assert loaded.tables["target"]["target_value"].sum() == 6.0


def test_a_forecast_for_an_unknown_item_is_refused_and_for_an_unknown_family_told(tmp_path):
    text = "item,family,qty\n001,all,1\n009,all,2\nall,SODA,3\nall,TEA,4\n"
    loaded = load(
        tmp_path,
        {"f.csv": text},
        forecast_stream="{file: f.csv, columns: {cycle: {value: 2026-11}, stream: {value: sales}, "
        "item: item, family: family, period: {value: 2026-12}, forecast_qty: qty}}",
    )
    assert refused(loaded) == [("f.csv", 3, "item", "no master row", "009")]
    assert found(loaded, "orphan")["value"].tolist() == ["family SODA (rows 4)"]
    assert loaded.tables["forecast_stream"]["forecast_qty"].sum() == 8.0


def test_future_rows_are_not_yet_known_and_no_error(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "001,P1,2026-11,7,70\n"})
    assert loaded.refused.empty
    assert loaded.errors == ()
    assert found(loaded, "not_yet_known")[["row_count", "amount_value"]].to_numpy().tolist() == [
        [1, 70.0]
    ]


def test_a_month_that_is_missing_is_no_fault_of_the_file(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "001,P1,2026-05,7,70\n"})
    assert loaded.refused.empty
    assert loaded.errors == ()


BOM = "{file: bom.csv, columns: {item: a, component: b, component_qty: n}}"


def test_a_bom_loop_stops_the_plan_and_names_its_rows(tmp_path):
    loaded = load(
        tmp_path,
        {
            "items.csv": "item,item_name,family\n001,x,a\n002,x,a\nX,x,a\nY,x,a\nZ,x,a\n",
            "bom.csv": "a,b,n\n001,X,1\nX,Y,1\nY,Z,1\nZ,X,1\n002,Y,1\n",
        },
        bom=BOM,
    )
    assert loaded.errors == (
        "bom: bom.csv: an item is part of itself: X > Y > Z > X (rows 3-5). "
        "Take out the row that makes an item part of itself.",
    )
    assert [row[1:4] for row in refused(loaded)] == [
        (3, "b", "bom loop"),
        (4, "b", "bom loop"),
        (5, "b", "bom loop"),
    ]
    assert loaded.tables["bom"]["item"].tolist() == ["001", "002"]
    with pytest.raises(InputError, match="part of itself"):
        raise_if_unfit(loaded)


def test_a_part_of_itself_and_a_row_that_ended_are_told_apart(tmp_path):
    loaded = load(
        tmp_path,
        {"bom.csv": "a,b,n,end\n001,001,1,\n002,002,1,2020-01-31\n"},
        bom="{file: bom.csv, columns: {item: a, component: b, component_qty: n, end_date: end}}",
    )
    assert [row[1] for row in refused(loaded)] == [2]


def test_bom_rows_that_hold_at_the_same_time_are_told(tmp_path):
    text = (
        "a,b,n,s,e\n001,002,1,2026-01-01,2026-06-30\n001,002,2,2026-06-30,\n001,002,3,2027-01-01,\n"
    )
    loaded = load(
        tmp_path,
        {"bom.csv": text},
        bom="{file: bom.csv, columns: {item: a, component: b, component_qty: n, start_date: s, "
        "end_date: e}}",
    )
    assert found(loaded, "overlap")["value"].tolist() == [
        "001 - 002: rows 3-4 begin before the row before them ends, so the part counts twice"
    ]


OPERATION = "{file: make.csv, columns: {operation: op, item: item, location: {value: P1}}}"


def test_a_demand_item_that_nobody_makes_or_buys_is_told_with_its_money(tmp_path):
    loaded = load(
        tmp_path,
        {"make.csv": "op,item\nmake-1,001\n", "who.csv": "family,who\nTEA,Tea planner\n"},
        operation=OPERATION,
        responsibility="{file: who.csv, columns: {family: family, supply_planner: who}}",
    )
    rows = found(loaded, "no_source")
    assert rows[["item", "severity", "owner", "amount_value"]].to_numpy().tolist() == [
        ["002", "warning", "Tea planner", 100.0]
    ]


def test_like_items_lend_bom_routing_cost_and_price(tmp_path):
    loaded = load(
        tmp_path,
        {
            "items.csv": "item,item_name,family,like,sold\n001,Water,WATER,,1\n002,Tea,TEA,001,1\n"
            "M,Cap,PART,,0\n",
            "make.csv": "op,item\nmake-1,001\n",
            "need.csv": "op,res,h\nmake-1,L1,0.5\n",
            "res.csv": "res\nL1\n",
            "bom.csv": "a,b,n\n001,M,2\n",
            "cost.csv": "item,c\n001,4\n002,5\n",
            "price.csv": "item,p\n001,9\n",
        },
        item="{file: items.csv, columns: {item: item, family: family, like_item: like, "
        "sellable: sold}}",
        operation=OPERATION,
        resource="{file: res.csv, columns: {resource: res, location: {value: P1}}}",
        resource_need="{file: need.csv, columns: {operation: op, resource: res, "
        "hours_per_unit: h}}",
        bom=BOM,
        cost="{file: cost.csv, columns: {item: item, unit_cost_value: c}}",
        price="{file: price.csv, columns: {item: item, price_value: p}}",
    )
    raise_if_unfit(loaded)
    tables = loaded.tables
    assert tables["operation"]["operation"].tolist() == ["make-1", "make-1=002"]
    assert tables["resource_need"]["hours_per_unit"].tolist() == [0.5, 0.5]
    assert tables["bom"][["item", "component"]].to_numpy().tolist() == [["001", "M"], ["002", "M"]]
    assert tables["price"]["price_value"].tolist() == [9.0, 9.0]
    assert tables["cost"]["unit_cost_value"].tolist() == [4.0, 5.0]
    assert found(loaded, "like_item")[["item", "value", "amount_value"]].to_numpy().tolist() == [
        ["002", "bom, routing, price taken from 001", 100.0]
    ]
    assert found(loaded, "no_source").empty


def test_a_sold_item_without_price_or_cost_and_without_a_like_item_is_told(tmp_path):
    loaded = load(
        tmp_path,
        {"cost.csv": "item,c\n001,4\n"},
        cost="{file: cost.csv, columns: {item: item, unit_cost_value: c}}",
    )
    assert found(loaded, "no_cost")[["item", "amount_value"]].to_numpy().tolist() == [["002", 100]]


def test_rows_that_end_before_they_start_and_shares_above_one_are_refused(tmp_path):
    loaded = load(
        tmp_path,
        {
            "e.csv": "n,s,e,cut\n1,2026-10-01,2026-09-01,0.1\n2,2026-10-01,2026-10-09,30\n"
            "3,2026-10-01,2026-10-09,30%\n"
        },
        event="{file: e.csv, columns: {event: n, start_date: s, end_date: e, discount_rate: cut}}",
    )
    assert refused(loaded) == [
        ("e.csv", 2, "e", "ends before it starts", "2026-09-01"),
        ("e.csv", 3, "cut", "at most 1", "30.0"),
    ]
    assert loaded.tables["event"]["discount_rate"].tolist() == [0.3]


def test_dates_out_of_order_are_told_and_kept(tmp_path):
    loaded = load(
        tmp_path,
        {"o.csv": "n,d,w\n1,2026-10-05,2026-10-01\n2,2026-10-05,2026-10-09\n"},
        sales_order_line="{file: o.csv, columns: {order: n, item: {value: '001'}, "
        "location: {value: P1}, order_date: d, requested_date: w, ordered_qty: {value: 1}}}",
    )
    assert found(loaded, "date_order")["value"].tolist() == [
        "requested_date lies before order_date in rows 2"
    ]
    assert len(loaded.tables["sales_order_line"]) == 2


def test_lines_shipped_beyond_the_order_and_prices_of_zero_are_told_and_kept(tmp_path):
    loaded = load(
        tmp_path,
        {"o.csv": "n,q,s\n1,5,5\n2,5,6\n3,5,7\n", "p.csv": "i,p\n001,0\n002,3\n"},
        sales_order_line="{file: o.csv, columns: {order: n, item: {value: '001'}, "
        "location: {value: P1}, order_date: {value: 2026-10-01}, ordered_qty: q, shipped_qty: s}}",
        price="{file: p.csv, columns: {item: i, price_value: p}}",
    )
    assert found(loaded, "over_shipped")["value"].tolist() == [
        "more was shipped and cancelled than ordered in rows 3-4"
    ]
    assert found(loaded, "zero_price")["value"].tolist() == ["the price is 0 in rows 2"]


def test_a_row_with_too_many_cells_is_refused(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "002,P1,2026-09,1,234,80\n"})
    assert [row[1:4] for row in refused(loaded)] == [(5, "", "too many cells")]


def test_a_where_never_filters_out_a_cell_that_cannot_be_read(tmp_path):
    loaded = load(
        tmp_path,
        {"sales.csv": FILES["sales.csv"] + "002,P1,2026-09,x1,80\n"},
        sales_history=TABLES["sales_history"].replace("columns", "where: qty > 0, columns"),
    )
    assert refused(loaded) == [("sales.csv", 5, "qty", "number", "x1")]


def test_no_wide_month_is_no_silence(tmp_path):
    loaded = load(
        tmp_path,
        {"f.csv": "item,Nov,Dec\n001,1,2\n"},
        past_history="{file: f.csv, months: {columns: '^\\d{4}-\\d{2}$', value: actual_qty}, "
        "columns: {item: item, location: {value: P1}}}",
    )
    assert loaded.errors == (
        "past_history: f.csv: no column fits the months' pattern ^\\d{4}-\\d{2}$; the header has "
        "item, Nov, Dec. Correct `months` in the mapping.",
    )


def test_a_month_column_that_stands_twice_is_an_error(tmp_path):
    loaded = load(
        tmp_path,
        {"f.csv": "item,2026-09,2026-09\n001,1,2\n"},
        past_history="{file: f.csv, months: {columns: '^\\d{4}-\\d{2}$', value: actual_qty}, "
        "columns: {item: item, location: {value: P1}}}",
    )
    assert "month column 2026-09 stands twice" in loaded.errors[0]


def test_the_report_tells_all_of_it_as_a_table_and_as_json(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "009,P1,2026-09,1,80\n"})
    summary = summarise(loaded).set_index("table")
    assert summary.loc["sales_history"].to_dict() == {
        "rows_read": 4,
        "rows_left_out": 0,
        "rows_not_yet_known": 0,
        "rows_refused": 1,
        "rows_accepted": 3,
        "table_rows": 3,
        "accepted_value": 320.0,
        "refused_value": 80.0,
        "not_yet_known_value": pytest.approx(float("nan"), nan_ok=True),
    }
    told = to_json(loaded)
    assert told["fit"] is True
    assert told["errors"] == []
    assert told["refused"][0]["row"] == 5
    assert told["refused"][0]["amount_value"] == 80.0
    assert told["parts"][0]["accepted_value"] is None
    import json

    assert json.loads(json.dumps(told)) == told


def test_refused_rows_and_findings_keep_their_contracts(tmp_path):
    from sopkit.tables import TABLES as CONTRACTS
    from sopkit.tables import check_table

    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "009,P1,soon,many,80\n"})
    check_table(loaded.refused, CONTRACTS["refused_row"])
    numbered = loaded.findings.assign(finding=[f"F{n}" for n in range(len(loaded.findings))])
    check_table(numbered, CONTRACTS["finding"])
    assert isinstance(loaded.refused, pd.DataFrame)
