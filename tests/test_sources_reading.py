"""Real files become contract tables."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest
from small_files import AS_OF, CYCLE, FILES, found, load, mapping, refused, write

from sopkit.sources import raise_if_unfit, read_tables
from sopkit.tables import INPUT_TABLES, check_table


def sales(loaded) -> list[tuple]:
    rows = loaded.tables["sales_history"]
    months = rows["period"].dt.strftime("%Y-%m")
    return list(zip(rows["item"], rows["customer"], months, rows["actual_qty"], strict=True))


def test_a_small_company_is_read_and_every_table_keeps_its_contract(tmp_path):
    loaded = load(tmp_path)
    raise_if_unfit(loaded)
    assert sales(loaded) == [
        ("001", "all", "2026-09", 10.0),
        ("001", "all", "2026-10", 12.0),
        ("002", "all", "2026-10", 5.0),
    ]
    assert loaded.tables["customer"]["customer"].tolist() == ["all"]
    assert loaded.refused.empty
    for name, frame in loaded.tables.items():
        pd.testing.assert_frame_equal(check_table(frame, INPUT_TABLES[name]), frame)


def test_read_counts_and_money_tie(tmp_path):
    text = FILES["sales.csv"] + "001,P1,2026-11,7,70\n001,P1,2026-10,1,9\n999,P1,2026-10,2,20\n"
    loaded = load(
        tmp_path,
        {"sales.csv": text + "skip,P1,2026-10,1,1\n"},
        sales_history="{file: sales.csv, where: item != 'skip', columns: {item: item, "
        "location: place, period: month, actual_qty: qty, net_value: money}}",
    )
    line = loaded.tied.set_index("table").loc["sales_history"]
    assert line["rows_read"] == 7
    assert line["rows_left_out"] == 1
    assert line["rows_not_yet_known"] == 1
    assert line["rows_refused"] == 2
    assert line["rows_accepted"] == 3
    assert line["accepted_value"] == 320
    assert line["refused_value"] == 29
    assert line["not_yet_known_value"] == 70


def test_one_table_comes_from_several_files_and_one_file_feeds_several_tables(tmp_path):
    head, *rows = FILES["sales.csv"].splitlines()
    loaded = load(
        tmp_path,
        {
            "months/s_1.csv": "\n".join([head, rows[0]]),
            "months/s_2.csv": "\n".join([head, *rows[1:]]),
            "items.csv": "item,item_name,family,price\n001,Water,WATER,9\n002,Tea,TEA,20\n",
        },
        sales_history="[{file: months/s_*.csv, columns: {item: item, location: place, "
        "period: month, actual_qty: qty}}]",
        price="{file: items.csv, columns: {item: item, price_value: price}}",
    )
    assert len(sales(loaded)) == 3
    assert loaded.tables["price"]["price_value"].tolist() == [9.0, 20.0]
    assert loaded.tied.set_index("table").loc["sales_history", "accepted_value"] == 22 * 9 + 5 * 20


def test_a_chinese_export_in_gb18030_is_read(tmp_path):
    text = (
        "销售月报\n制表人,王\n物料编码,渠道,大区,年月,数量（千箱）,含税金额(万)\n"
        '001,KA,华东,2026年10月,1.5,"1,130"\n002,EC,华南,202610,２,226\n合计,,,,3.5,1356\n'
    )
    loaded = load(
        tmp_path,
        {"销售月报_1.csv": text.encode("gb18030")},
        head="encoding: gb18030",
        item="{file: items.csv, encoding: utf-8, columns: {item: item}}",
        location="{file: places.csv, encoding: utf-8, columns: {location: place}}",
        sales_history="{file: 销售月报_*.csv, header: 3, skip_footer: 合计, columns: {"
        "item: 物料编码, location: {value: P1}, customer: {join: [渠道, 大区], by: '-'}, "
        "period: 年月, actual_qty: {column: 数量(千箱), scale: 1000}, "
        "net_value: {column: 含税金额(万), scale: 10000, tax: 0.13}}}",
    )
    raise_if_unfit(loaded)
    assert sales(loaded) == [
        ("001", "KA-华东", "2026-10", 1500.0),
        ("002", "EC-华南", "2026-10", 2000.0),
    ]
    assert loaded.tables["sales_history"]["net_value"].tolist() == pytest.approx([1e7, 2e6])
    assert loaded.tables["customer"]["customer"].tolist() == ["EC-华南", "KA-华东"]


def test_merged_headers_and_months_across_in_excel_become_rows(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    for row in [
        ["预算"],
        ["物料", "2026-11", None, "2026-12", None],
        [None, "数量", "金额", "数量", "金额"],
        ["001", 10, 100, "1.2千", None],
        ["002", None, None, 3, 60],
    ]:
        page.append(row)
    for cells in ("A2:A3", "B2:C2", "D2:E2"):
        page.merge_cells(cells)
    book.save(tmp_path / "budget.xlsx")
    loaded = load(
        tmp_path,
        budget="{file: budget.xlsx, header: [2, 3], blanks: {2026-12/金额: '0'}, months: {values: "
        "{budget_qty: '^(.+)/数量$', budget_value: '^(.+)/金额$'}}, columns: {item: 物料}}",
    )
    rows = loaded.tables["budget"]
    assert rows["item"].tolist() == ["001", "001", "002"]
    assert rows["period"].dt.month.tolist() == [11, 12, 12]
    assert rows["budget_qty"].tolist() == [10.0, 1200.0, 3.0]
    assert rows["budget_value"].tolist() == [100.0, 0.0, 60.0]


def test_a_refused_month_cell_names_its_row_and_its_month(tmp_path):
    text = "item,2026-11,2026-12,2026-12-31\n001,5,many,\n"
    loaded = load(
        tmp_path,
        {"f.csv": text},
        forecast_stream="{file: f.csv, months: {columns: '^\\d{4}-\\d{2}$', period: period, "
        "value: forecast_qty}, columns: {cycle: {value: 2026-11}, stream: {value: sales}, item: item}}",
    )
    assert refused(loaded) == [("f.csv", 2, "2026-12", "number", "many")]
    assert loaded.tables["forecast_stream"]["forecast_qty"].tolist() == [5.0]


def test_a_join_brings_columns_of_another_file(tmp_path):
    loaded = load(
        tmp_path,
        {
            "lines.csv": "no,pos,item,q,p,d\n7,1,001,2,10,0.5\n7,2,002,1,4,0\n8,1,001,3,10,\n",
            "heads.csv": "id,day,channel\n7,2026-10-05,KA\n8,2026-10-06,EC\n9,2026-10-06,EC\n",
        },
        sales_order_line="{file: lines.csv, blanks: {d: 0}, "
        "join: [{file: heads.csv, on: {no: id}, columns: {ordered: day, channel: channel}}], "
        "columns: {order: no, line: pos, item: item, location: {value: P1}, customer: channel, "
        "order_date: ordered, ordered_qty: q, net_value: {expr: q * p * (1 - d)}}}",
    )
    rows = loaded.tables["sales_order_line"]
    assert rows["customer"].tolist() == ["KA", "KA", "EC"]
    assert rows["order_date"].dt.day.tolist() == [5, 5, 6]
    assert rows["net_value"].tolist() == [10.0, 4.0, 30.0]


def test_a_join_with_doubled_keys_is_an_error_that_names_the_row(tmp_path):
    loaded = load(
        tmp_path,
        {"more.csv": "item,family\n001,A\n002,B\n001,C\n"},
        item="{file: items.csv, join: {file: more.csv, on: item, columns: {group: family}}, "
        "columns: {item: item, family: group}}",
    )
    assert loaded.errors == (
        "item: more.csv: item stands twice for 1 row(s), so the join is not clear; "
        "first: 001, row 4. Keep one row of each.",
    )


def test_units_are_converted_per_item_and_an_unknown_unit_is_refused(tmp_path):
    loaded = load(
        tmp_path,
        {
            "sales.csv": "item,place,month,qty,unit\n001,P1,2026-10,2,pallet\n"
            "002,P1,2026-10,2,pallet\n001,P1,2026-09,7,case\n002,P1,2026-09,1,box\n",
            "uom.csv": "item,unit,n\n001,pallet,60\n002,pallet,48\n",
            "price.csv": "item,p\n001,600\n",
        },
        item="{file: items.csv, columns: {item: item, base_unit: {value: case}}}",
        uom_conversion="{file: uom.csv, columns: {item: item, unit: unit, base_qty: n}}",
        price="{file: price.csv, columns: {item: item, "
        "price_value: {column: p, unit: {value: pallet}}}}",
        sales_history="{file: sales.csv, columns: {item: item, location: place, period: month, "
        "actual_qty: {column: qty, unit: unit}}}",
    )
    assert [row[3] for row in sales(loaded)] == [7.0, 120.0, 96.0]
    assert loaded.tables["price"]["price_value"].tolist() == [10.0]
    assert refused(loaded) == [("sales.csv", 5, "unit", "unknown unit", "box")]


def test_negative_returns_become_return_lines_and_never_demand(tmp_path):
    text = "no,item,day,qty\n1,001,2026-10-05,10\n2,001,2026-10-06,-3\n3,001,2026-10-07,\n"
    columns = "item: item, location: {value: P1}"
    loaded = load(
        tmp_path,
        {"moves.csv": text},
        sales_order_line=f"{{file: moves.csv, where: not (qty < 0), columns: {{order: no, {columns}, "
        "order_date: day, ordered_qty: qty}}",
        return_line=f"{{file: moves.csv, where: qty < 0, columns: {{return_id: no, {columns}, "
        "return_date: day, return_qty: {column: qty, scale: -1}}}",
    )
    assert loaded.tables["sales_order_line"]["ordered_qty"].tolist() == [10.0]
    assert loaded.tables["return_line"]["return_qty"].tolist() == [3.0]
    assert refused(loaded) == [("moves.csv", 4, "qty", "not blank", "")]


def test_a_negative_quantity_without_a_rule_is_refused_and_the_advice_names_returns(tmp_path):
    loaded = load(tmp_path, {"sales.csv": FILES["sales.csv"] + "002,P1,2026-09,-4,-80\n"})
    assert refused(loaded) == [("sales.csv", 5, "qty", "at least 0", "-4.0")]
    assert loaded.refused["amount_value"].tolist() == [-80.0]
    assert "returns belong in return_line" in loaded.refused["advice"][0]


def test_codes_are_translated_and_an_unknown_one_is_refused_unless_kept(tmp_path):
    rule = "{file: items.csv, columns: {item: item, family: {column: family, codes: {WATER: W}%s}}}"
    loaded = load(tmp_path, item=rule % "")
    assert refused(loaded)[0] == ("items.csv", 3, "family", "unknown code", "TEA")
    kept = load(tmp_path, item=rule % ", else: keep")
    assert kept.tables["item"]["family"].tolist() == ["W", "TEA"]


def test_group_and_distinct_make_one_row_of_many(tmp_path):
    loaded = load(
        tmp_path,
        {
            "lines.csv": "item,name,month,qty,price,site\n001,Water,2026-10-01,1,10,P1\n"
            "001,Water,2026-10-20,3,20,P1\n002,Tea,2026-10-02,4,5,P1\n"
        },
        item="{file: lines.csv, distinct: true, columns: {item: item, item_name: name}}",
        location="{file: lines.csv, distinct: true, columns: {location: site}}",
        sales_history="{file: lines.csv, group: sum, columns: {item: item, location: site, "
        "period: month, actual_qty: qty}}",
        price="{file: lines.csv, group: mean, weight: qty, columns: "
        "{item: item, price_value: price}}",
        cost="{file: lines.csv, group: last, columns: {item: item, unit_cost_value: price}}",
    )
    raise_if_unfit(loaded)
    assert sales(loaded) == [("001", "all", "2026-10", 4.0), ("002", "all", "2026-10", 4.0)]
    assert loaded.tables["item"]["item"].tolist() == ["001", "002"]
    assert loaded.tables["price"]["price_value"].tolist() == [17.5, 5.0]
    assert loaded.tables["cost"]["unit_cost_value"].tolist() == [20.0, 5.0]
    counts = loaded.tied.set_index("table")
    assert counts.loc["item", ["rows_left_out", "rows_accepted"]].tolist() == [1, 2]
    assert counts.loc["sales_history", "rows_accepted"] == 3


def test_numbers_prefixes_and_file_names_fill_what_a_file_lacks(tmp_path):
    loaded = load(
        tmp_path,
        {"ret_202610.csv": "item,qty\n001,2\n", "ret_202609.csv": "item,qty\n001,1\n"},
        return_line="{file: ret_*.csv, columns: {return_id: {row: R-}, item: item, "
        "location: {value: P1}, return_date: {from_file: '_(\\d{6})'}, return_qty: qty}}",
        label="{file: items.csv, columns: {field: {value: item}, code: {column: item, prefix: I-}, "
        "lang: {value: en}, label: item_name}}",
    )
    rows = loaded.tables["return_line"]
    assert rows["return_id"].tolist() == ["R-ret_202609-2", "R-ret_202610-2"]
    assert rows["return_date"].dt.month.tolist() == [9, 10]
    assert loaded.tables["label"]["code"].tolist() == ["I-001", "I-002"]


def test_cells_merged_downwards_are_filled(tmp_path):
    loaded = load(
        tmp_path,
        {"items.csv": "family,item\nWATER,001\n,002\n"},
        item="{file: items.csv, fill_down: family, columns: {item: item, family: family}}",
    )
    assert loaded.tables["item"]["family"].tolist() == ["WATER", "WATER"]


def test_the_price_of_a_row_without_money_is_taken_from_the_price_table(tmp_path):
    loaded = load(
        tmp_path,
        {
            "sales.csv": "item,place,month,qty\n001,P1,2026-10,3\n009,P1,2026-10,1\n002,P1,2026-10,x\n",
            "price.csv": "item,day,p\n001,2026-01-01,8\n001,2026-05-01,9\n001,2027-01-01,99\n",
        },
        price="{file: price.csv, columns: {item: item, start_date: day, price_value: p}}",
        sales_history="{file: sales.csv, columns: {item: item, location: place, period: month, "
        "actual_qty: qty}}",
    )
    assert loaded.tied.set_index("table").loc["sales_history", "accepted_value"] == 27
    assert loaded.refused["amount_value"].isna().all()


def test_only_the_tables_asked_for_come_back(tmp_path):
    write(tmp_path, FILES)
    loaded = read_tables(mapping(tmp_path), tmp_path, CYCLE, AS_OF, tables=["sales_history"])
    assert list(loaded.tables) == ["sales_history"]
    assert len(loaded.tables["sales_history"]) == 3
    assert loaded.errors == ()


def test_what_left_after_as_of_is_still_open(tmp_path):
    text = (
        "no,item,day,left,qty\n1,001,2026-10-20,2026-10-28,5\n2,001,2026-10-28,2026-11-04,6\n"
        "3,001,2026-11-02,2026-11-05,9\n"
    )
    loaded = load(
        tmp_path,
        {"orders.csv": text},
        sales_order_line="{file: orders.csv, columns: {order: no, item: item, "
        "location: {value: P1}, order_date: day, shipped_date: left, ordered_qty: qty, "
        "shipped_qty: qty}}",
    )
    rows = loaded.tables["sales_order_line"]
    assert rows["order"].tolist() == ["1", "2"]
    assert rows["shipped_qty"].tolist() == [5.0, 0.0]
    assert rows["shipped_date"].isna().tolist() == [False, True]
    later = found(loaded, "not_yet_known")
    assert later[["table", "row_count", "value"]].to_numpy().tolist() == [
        ["sales_order_line", 1, "rows 4: later than 2026-10-31, left out"]
    ]


def test_a_late_stock_snapshot_is_kept_only_when_the_mapping_says_so(tmp_path):
    files = {"stock.csv": "item,qty,day\n001,40,2026-11-03\n", "cost.csv": "item,c\n001,2\n"}
    rule = "{file: stock.csv, %scolumns: {item: item, location: {value: P1}, on_hand_qty: qty, snapshot_date: day}}"
    cost = "{file: cost.csv, columns: {item: item, unit_cost_value: c}}"
    dropped = load(tmp_path, files, cost=cost, opening_stock=rule % "")
    assert dropped.tables["opening_stock"].empty
    assert found(dropped, "not_yet_known")["amount_value"].tolist() == [80.0]
    kept = load(tmp_path, files, cost=cost, opening_stock=rule % "keep_later: true, ")
    assert kept.tables["opening_stock"]["on_hand_qty"].tolist() == [40.0]
    assert found(kept, "assumption")["amount_value"].tolist() == [80.0]


def test_forecasts_given_in_later_cycles_and_plans_of_this_one_are_not_yet_known(tmp_path):
    text = (
        "cycle,item,month,qty\n2026-10,001,2026-12,1\n202611,001,2026-12,2\n2026-12,001,2026-12,3\n"
    )
    loaded = load(
        tmp_path,
        {"f.csv": text},
        forecast_stream="{file: f.csv, columns: {cycle: cycle, stream: {value: sales}, item: item, "
        "period: month, forecast_qty: qty}}",
        past_plan="{file: f.csv, columns: {cycle: cycle, item: item, location: {value: P1}, "
        "period: month, demand_qty: qty}}",
    )
    assert loaded.tables["forecast_stream"]["cycle"].tolist() == ["2026-10", "2026-11"]
    assert loaded.tables["past_plan"]["cycle"].tolist() == ["2026-10"]


def test_stated_assumptions_become_findings(tmp_path):
    loaded = load(tmp_path, head="assumptions: [Prices are net., Hours are a day's.]")
    assert found(loaded, "assumption")["value"].tolist() == [
        "Prices are net.",
        "Hours are a day's.",
    ]


def test_customers_are_checked_where_a_master_is_mapped(tmp_path):
    files = {
        "customers.csv": "c,channel\nKA,modern\n",
        "sales.csv": "item,place,month,qty,c\n001,P1,2026-10,1,KA\n001,P1,2026-10,2,XX\n"
        "001,P1,2026-10,4,\n",
    }
    loaded = load(
        tmp_path,
        files,
        customer="{file: customers.csv, columns: {customer: c, channel: channel}}",
        sales_history="{file: sales.csv, columns: {item: item, location: place, customer: c, "
        "period: month, actual_qty: qty}}",
    )
    assert refused(loaded) == [
        ("sales.csv", 3, "c", "no master row", "XX"),
        ("sales.csv", 4, "c", "not blank", ""),
    ]


def test_reading_twice_gives_the_same_tables(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, second.tables[name])
