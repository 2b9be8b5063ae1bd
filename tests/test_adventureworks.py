"""AdventureWorks through the mapping: every number ties to the source, nothing later is seen.

The figures to hit are computed here from the source files with plain pandas, apart from the
package; those that the case's own description states are written as numbers.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from conftest import CASES, ROOT

from sopkit.sources import Loaded, read_mapping, read_tables
from sopkit.tables import INPUT_TABLES, check_table

pytestmark = pytest.mark.cases

CYCLE, AS_OF = pd.Timestamp("2014-06-01"), pd.Timestamp("2014-05-31")


@pytest.fixture
def folder(cases: Path) -> Path:
    return cases / "adventureworks"


@pytest.fixture
def loaded(folder: Path) -> Loaded:
    return _load(folder)


@cache
def _load(folder: Path) -> Loaded:
    mapping = read_mapping(ROOT / "params/mapping/adventureworks.yaml")
    return read_tables(mapping, folder, CYCLE, AS_OF)


@cache
def _source(folder: Path, name: str, *dates: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", parse_dates=list(dates))


@cache
def _sold_lines(folder: Path) -> pd.DataFrame:
    """Order lines to the last known day, with order date, due date, territory and subcategory."""
    header = _source(folder, "SalesOrderHeader", "OrderDate", "DueDate", "ShipDate")
    columns = ["SalesOrderID", "OrderDate", "DueDate", "ShipDate", "OnlineOrderFlag", "TerritoryID"]
    lines = _source(folder, "SalesOrderDetail").merge(header[columns], on="SalesOrderID")
    product = _source(folder, "Product")[["ProductID", "ProductSubcategoryID"]]
    group = _source(folder, "ProductSubcategory").rename(columns={"Name": "family"})
    product = product.merge(group[["ProductSubcategoryID", "family"]], on="ProductSubcategoryID")
    lines = lines.merge(product, on="ProductID", validate="many_to_one")
    return lines[lines["OrderDate"] <= AS_OF]


def _same(found: pd.Series, wanted: pd.Series) -> None:
    pd.testing.assert_series_equal(
        found.sort_index(), wanted.sort_index(), check_names=False, check_dtype=False, rtol=1e-12
    )


def test_no_row_is_refused_and_no_file_is_unfit(loaded):
    assert loaded.errors == ()
    assert loaded.refused.empty, loaded.refused.to_string()


def test_every_row_of_every_file_is_accounted_for(loaded):
    counts = loaded.tied
    parts = ["rows_left_out", "rows_not_yet_known", "rows_refused", "rows_accepted"]
    assert (counts["rows_read"] == counts[parts].sum(axis=1)).all()


def test_every_table_keeps_its_contract(loaded):
    for name, frame in loaded.tables.items():
        check_table(frame, INPUT_TABLES[name])


def test_revenue_by_year_and_territory_ties_to_the_source(loaded, folder):
    lines = loaded.tables["sales_order_line"]
    territory = lines["customer"].str.split("-").str[1].astype(int)
    found = lines.groupby([lines["order_date"].dt.year, territory])["net_value"].sum()
    source = _sold_lines(folder)
    wanted = source.groupby([source["OrderDate"].dt.year, "TerritoryID"])["LineTotal"].sum()
    _same(found, wanted)
    by_year = found.groupby(level=0).sum().round(2).to_dict()
    assert by_year == {
        2011: 12_641_672.21,
        2012: 33_524_301.32,
        2013: 43_622_479.05,
        2014: 20_008_922.97,
    }


def test_revenue_by_month_stands_where_the_order_was_due(loaded, folder):
    lines = loaded.tables["sales_order_line"]
    found = lines.groupby(lines["requested_date"].dt.to_period("M"))["net_value"].sum()
    source = _sold_lines(folder)
    _same(found, source.groupby(source["DueDate"].dt.to_period("M"))["LineTotal"].sum())


def test_each_month_holds_one_order_round_of_resellers(loaded):
    lines = loaded.tables["sales_order_line"]
    resold = lines[lines["customer"].str.startswith("reseller")]
    months = resold["requested_date"].dt.to_period("M")
    assert sorted(months.unique()) == list(pd.period_range("2011-06", "2014-05", freq="M"))
    per_month = resold.groupby(months)["ordered_qty"].sum()
    assert per_month["2014-02":"2014-05"].tolist() == [6598, 7142, 10146, 10278]


def test_units_by_subcategory_tie_to_the_source(loaded, folder):
    lines = loaded.tables["sales_order_line"].merge(
        loaded.tables["item"][["item", "family"]], on="item", validate="many_to_one"
    )
    found = lines.groupby("family")["ordered_qty"].sum()
    _same(found, _sold_lines(folder).groupby("family")["OrderQty"].sum())
    assert len(found) == 35


def test_units_by_channel_tie_to_the_source(loaded, folder):
    lines = loaded.tables["sales_order_line"].merge(
        loaded.tables["customer"][["customer", "channel"]], on="customer", validate="many_to_one"
    )
    source = _sold_lines(folder)
    channel = source["OnlineOrderFlag"].map({0: "reseller", 1: "internet"})
    _same(lines.groupby("channel")["ordered_qty"].sum(), source.groupby(channel)["OrderQty"].sum())


def test_orders_of_the_last_week_are_open_and_none_is_overdue(loaded, folder):
    lines = loaded.tables["sales_order_line"]
    unshipped = lines[lines["shipped_qty"] < lines["ordered_qty"]]
    source = _sold_lines(folder)
    later = source[source["ShipDate"] > AS_OF]
    assert len(unshipped) == len(later) == 1165
    assert unshipped["net_value"].sum() == pytest.approx(394_605.52, abs=0.005)
    assert unshipped["shipped_date"].isna().all()
    assert (unshipped["requested_date"] > AS_OF).all()


def test_stock_at_standard_cost_is_the_source_s_to_the_cent(loaded, folder):
    stock = loaded.tables["opening_stock"]
    cost = loaded.tables["cost"].sort_values("start_date").groupby("item")["unit_cost_value"].last()
    value = (stock["on_hand_qty"] * stock["item"].map(cost)).sum()
    assert round(value, 2) == 20_092_679.17
    source = _source(folder, "ProductInventory")
    found = stock.set_index("item")["on_hand_qty"]
    _same(found, source.groupby(source["ProductID"].astype(str))["Quantity"].sum())
    assert stock["snapshot_date"].max() == pd.Timestamp("2014-08-12")


def test_the_bill_of_materials_is_the_current_one_without_top_rows(loaded):
    bom = loaded.tables["bom"]
    assert len(bom) == 2_383
    assert bom["item"].nunique() == 238
    assert bom["end_date"].isna().all()


def test_nothing_dated_later_is_seen_but_the_stated_stock(loaded):
    tables = loaded.tables
    later = {
        "sales_order_line": ["order_date", "shipped_date"],
        "open_supply": ["order_date"],
        "production_actual": ["period"],
        "cost": ["start_date"],
        "target": ["period"],
    }
    for name, columns in later.items():
        for column in columns:
            assert not (tables[name][column] > AS_OF).any(), f"{name}.{column}"


def test_what_is_not_yet_known_is_counted(loaded):
    hidden = loaded.tied.groupby("table")["rows_not_yet_known"].sum()
    assert hidden["sales_order_line"] == 121_317 - 119_187
    assert hidden["production_actual"] > 0
    known = loaded.findings[loaded.findings["kind"] == "not_yet_known"]
    assert {"sales_order_line", "open_supply", "production_actual"} <= set(known["table"])


def test_production_ties_to_the_work_orders_that_ended(loaded, folder):
    made = loaded.tables["production_actual"]
    source = _source(folder, "WorkOrder", "StartDate", "EndDate")
    ended = source[source["EndDate"] <= AS_OF]
    month = ended["EndDate"].dt.to_period("M")
    wanted = ended.groupby([month, ended["ProductID"].astype(str)])
    found = made.groupby([made["period"].dt.to_period("M"), "item"])
    _same(found["made_qty"].sum(), wanted["StockedQty"].sum())
    _same(found["scrapped_qty"].sum(), wanted["ScrappedQty"].sum())


def test_open_supply_is_what_stood_open_on_the_last_known_day(loaded, folder):
    supply = loaded.tables["open_supply"]
    work = _source(folder, "WorkOrder", "StartDate", "EndDate")
    work = work[(work["StartDate"] <= AS_OF) & (work["EndDate"] > AS_OF)]
    made = supply[supply["supply_kind"] == "make"]
    assert (len(made), made["open_qty"].sum()) == (len(work), work["OrderQty"].sum())
    bought = supply[supply["supply_kind"] == "buy"]
    header = _source(folder, "PurchaseOrderHeader", "OrderDate")
    lines = _source(folder, "PurchaseOrderDetail", "DueDate").merge(header, on="PurchaseOrderID")
    lines = lines[(lines["OrderDate"] <= AS_OF) & (lines["Status"] != 3)]
    due = lines[lines["DueDate"] > AS_OF]
    part_received = 5  # PO-4001-8789: 25 ordered, 20 received, still approved
    assert len(bought) == len(due) + 1
    assert bought["open_qty"].sum() == due["OrderQty"].sum() + part_received


def test_hours_an_order_do_not_depend_on_its_quantity(loaded, folder):
    need = loaded.tables["resource_need"]
    assert (need["hours_per_unit"] == 0).all()
    routing = _source(folder, "WorkOrderRouting")
    one = routing[(routing["ProductID"] == 747)].drop_duplicates("LocationID")
    wanted = {f"WC{row.LocationID}": row.ActualResourceHrs for row in one.itertuples()}
    found = need[need["operation"] == "make-747"].set_index("resource")["setup_hours_per_lot"]
    assert found.to_dict() == pytest.approx(wanted)


def test_a_usual_lot_gives_back_the_hours_that_were_booked(loaded, folder):
    routing = _source(folder, "WorkOrderRouting", "ScheduledStartDate")
    start = routing["ScheduledStartDate"]
    year = routing[(start <= AS_OF) & (start > AS_OF - pd.DateOffset(years=1))]
    booked = year.groupby("LocationID")["ActualResourceHrs"].sum()
    orders = _source(folder, "WorkOrder", "StartDate")
    orders = orders[
        (orders["StartDate"] <= AS_OF) & (orders["StartDate"] > AS_OF - pd.DateOffset(years=1))
    ]
    made = orders.groupby("ProductID")["OrderQty"].sum()
    need = loaded.tables["resource_need"].merge(loaded.tables["operation"], on="operation")
    lots = need["item"].astype(int).map(made) / need["usual_lot_qty"]
    found = (lots * need["setup_hours_per_lot"]).groupby(need["resource"].str[2:].astype(int)).sum()
    _same(found, booked)


def test_work_centres_carry_hours_and_rates_of_the_source(loaded):
    centres = loaded.tables["resource"].set_index("resource")
    assert centres["hours_per_day"].to_dict() == {
        "WC10": 96,
        "WC20": 108,
        "WC30": 120,
        "WC40": 120,
        "WC45": 80,
        "WC50": 120,
        "WC60": 120,
    }
    assert centres.loc["WC60", "hour_value"] == 12.25


def test_quotas_are_quarters_of_past_targets(loaded):
    target = loaded.tables["target"]
    assert len(target) == 163
    assert target["target_value"].sum() == 95_714_000
    assert (target["span_months"] == 3).all()
    assert set(target["period"].dt.month) == {3, 6, 9, 12}
    assert target["owner"].nunique() == 17
    assert set(target["customer"]) == {"reseller"}
    assert "orphan" not in set(loaded.findings["kind"])


def test_quotas_hold_for_the_quarter_that_their_sales_fall_in(loaded, folder):
    """Sales of the quarter follow the quota closely; shifted by a quarter they do not."""
    header = _source(folder, "SalesOrderHeader", "OrderDate", "DueDate", "ShipDate")
    header = header[header["SalesPersonID"].notna()]
    quarter = header["DueDate"].dt.to_period("Q-NOV")
    owner = "salesperson " + header["SalesPersonID"].astype(int).astype(str)
    sold = header.groupby([owner, quarter])["SubTotal"].sum()
    target = loaded.tables["target"]
    wanted = target.set_index(["owner", target["period"].dt.to_period("Q-NOV")])["target_value"]
    assert wanted.corr(sold.reindex(wanted.index).fillna(0)) > 0.9


def test_every_sold_item_has_a_cost_and_a_way_to_be_made_or_bought(loaded):
    tables = loaded.tables
    year_ago = AS_OF - pd.DateOffset(years=1)
    lines = tables["sales_order_line"]
    ended = tables["item"].loc[tables["item"]["end_date"] <= AS_OF, "item"]
    sold = set(lines.loc[lines["order_date"] > year_ago, "item"]) - set(ended)
    cost = tables["cost"].groupby("item")["unit_cost_value"].max()
    assert (cost.reindex(sorted(sold)) > 0).all()
    assert sold <= set(tables["operation"]["item"]) | set(tables["purchase_term"]["item"])


def test_realised_prices_give_back_the_revenue_of_the_year(loaded, folder):
    source = _sold_lines(folder)
    year = source[source["OrderDate"] > AS_OF - pd.DateOffset(years=1)]
    lines = loaded.tables["sales_order_line"]
    lines = lines[lines["order_date"] > AS_OF - pd.DateOffset(years=1)]
    price = loaded.tables["price"].set_index(["item", "customer"])["price_value"]
    keys = pd.MultiIndex.from_frame(lines[["item", "customer"]])
    worth = (lines["ordered_qty"].to_numpy() * price.reindex(keys).to_numpy()).sum()
    assert worth == pytest.approx(year["LineTotal"].sum(), rel=1e-9)


def test_promotions_are_offers_seven_to_sixteen_with_their_items(loaded):
    event = loaded.tables["event"]
    assert len(event) == 58
    assert event["event"].str.split("-").str[0].astype(int).between(7, 16).all()
    assert event["discount_rate"].between(0.1, 0.5).all()


def test_an_earlier_cycle_sees_less(folder):
    """Rolled back six months, orders, production and open supply end in November 2013."""
    mapping = read_mapping(ROOT / "params/mapping/adventureworks.yaml")
    cycle, as_of = pd.Timestamp("2013-12-01"), pd.Timestamp("2013-11-30")
    names = ["sales_order_line", "open_supply", "production_actual"]
    earlier = read_tables(mapping, folder, cycle, as_of, tables=names).tables
    assert earlier["sales_order_line"]["order_date"].max() == as_of
    assert earlier["open_supply"]["order_date"].max() <= as_of
    assert earlier["production_actual"]["period"].max() == pd.Timestamp("2013-11-01")


def test_assumptions_stand_among_the_findings(loaded):
    stated = loaded.findings.loc[loaded.findings["kind"] == "assumption", "value"]
    assert stated.str.contains("2014-08-12").any()
    assert stated.str.contains("hours a working day").any()
    assert stated.str.contains("no budget").any()


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Path:
    """Run the month of June 2014 in a planning folder of its own."""
    if not CASES.is_dir():
        pytest.skip("no real cases here: set SOPKIT_CASES to their folder")
    folder = tmp_path_factory.mktemp("adventureworks")
    for name in ("notebooks", "params"):
        shutil.copytree(ROOT / name, folder / name)
    command = [sys.executable, "-m", "sopkit.cli", "run", "2014-06", "--folder", str(folder)]
    ran = subprocess.run(
        [*command, "--params", "params/runs/adventureworks.yaml"],
        env={**os.environ, "SOPKIT_CASES": str(CASES)},
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def _table(month: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(month / "data/cycles/2014-06/tables" / f"{name}.parquet")


@pytest.mark.slow
def test_the_month_s_history_ties_to_the_source_by_due_month(month, folder):
    history = _table(month, "demand_history")
    source = _sold_lines(folder)
    known = source[source["DueDate"] <= AS_OF]
    _same(
        history.groupby(history["period"].dt.to_period("M"))["revenue_value"].sum(),
        known.groupby(known["DueDate"].dt.to_period("M"))["LineTotal"].sum(),
    )


@pytest.mark.slow
def test_the_month_serves_its_demand_and_loses_no_unit(month):
    service = _table(month, "plan_service")
    parts = service[["on_time_qty", "late_qty", "short_qty"]].sum(axis=1)
    assert (parts - service["demand_qty"]).abs().max() < 1e-3
    net = _table(month, "net_demand")
    assert "overdue" not in set(net["demand_class"])
    assert net.loc[net["demand_class"] == "open", "demand_qty"].sum() == 1165


@pytest.mark.slow
def test_ended_items_are_neither_forecast_nor_made(month):
    item = _table(month, "item")
    ended = set(item.loc[item["end_date"].notna(), "item"])
    demand = _table(month, "consensus_demand")
    assert demand.loc[demand["item"].isin(ended), "demand_qty"].sum() == 0
    made = _table(month, "plan_flow").query("flow_kind == 'make'")
    parts = set(_table(month, "bom")["component"])
    assert not set(made["item"]) & (ended - parts)


@pytest.mark.slow
def test_hours_of_assembly_are_of_the_size_that_was_booked(month):
    """Final Assembly booked 4,087 hours a month in the three months before the cycle."""
    load = _table(month, "capacity_load")
    final = load[load["resource"] == "WC60"].sort_values("period")["load_hours"]
    settled = final.iloc[4:12]  # the first months live on stock
    assert 2500 < settled.mean() < 5000


@pytest.mark.slow
def test_the_pages_say_what_the_source_lacks_in_both_languages(month):
    reports = month / "reports/2014-06"
    pages = {path.stem: path.read_text(encoding="utf-8") for path in reports.glob("*.html")}
    assert len(pages) == 10
    assert "2014-08-12" in pages["01_data_review.en"]
    assert "There is no budget" in pages["04_consensus_review.en"]
    assert re.search(r"84\.1\s%", pages["04_consensus_review.en"])  # of the quotas was reached
    assert "needs stock of 13 month-ends" in pages["05_executive_review.en"]
    assert re.search(r"20\.1\sM", pages["03_supply_review.en"])  # stock at standard cost
    assert "山地自行车" in pages["02_demand_review.zh"]
    assert all(path.stat().st_size < 2_000_000 for path in reports.glob("*.html"))
