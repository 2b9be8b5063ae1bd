"""The demo company: files that repeat, tables that tie, sizes as planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sopkit.demo import DEMO_SEED, build_company, planted_truth, write_demo
from sopkit.demo.export import RawFile, to_text
from sopkit.demo.places import LINES
from sopkit.demo.products import (
    FAMILIES,
    INTERMITTENT,
    ITEMS,
    to_list_price,
    to_recipe,
    to_standard_cost,
)
from sopkit.demo.sales import HISTORY, MONTHS, new_year_moves
from sopkit.demo.supply import to_capacity, to_operations
from sopkit.sources import read_mapping, read_tables

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "data" / "demo"
CYCLE, AS_OF = pd.Timestamp("2026-11-01"), pd.Timestamp("2026-10-31")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, write_demo(folder)


@pytest.fixture(scope="module")
def loaded():
    mapping = read_mapping(ROOT / "params" / "mapping" / "demo.yaml")
    return read_tables(mapping, COMMITTED, CYCLE, AS_OF)


@pytest.fixture(scope="module")
def company():
    return build_company(DEMO_SEED)


def test_committed_files_are_what_the_generator_writes(written):
    _, paths = written
    names = sorted(p.name for p in COMMITTED.iterdir() if p.name != ".gitattributes")
    assert names == sorted(path.name for path in paths)
    for path in paths:
        if path.suffix == ".csv":
            assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), path.name


def test_committed_workbooks_hold_the_cells_that_the_generator_writes(written):
    _, paths = written
    for path in [p for p in paths if p.suffix == ".xlsx"]:
        ours, theirs = (
            pd.read_excel(file, sheet_name=None, header=None, dtype=object)
            for file in (path, COMMITTED / path.name)
        )
        assert list(ours) == list(theirs)
        for sheet in ours:
            pd.testing.assert_frame_equal(ours[sheet], theirs[sheet])


def test_committed_files_stay_small():
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 12e6


def test_a_text_file_has_title_header_rows_footer():
    file = RawFile("x.csv", [["码", "量"]], [["01", 5], ["02", None]], ["标题"], ["合计", "5"])
    assert to_text(file).splitlines() == ["标题", "码,量", "01,5", "02,", "合计,5"]
    assert file.first_row == 3


def test_reading_the_clean_files_refuses_nothing(loaded):
    assert loaded.errors == ()
    assert loaded.refused.empty
    assert (loaded.findings["severity"] != "error").all()
    assert loaded.findings.query("kind == 'like_item'")["item"].tolist() == ["010308"]
    assert set(loaded.findings["kind"]) == {"like_item", "assumption"}


def test_monthly_totals_are_the_sums_of_order_lines_in_quantity_and_money(loaded):
    key = ["item", "location", "customer", "period"]
    lines = loaded.tables["sales_order_line"]
    lines = lines.assign(period=lines["requested_date"].dt.to_period("M").dt.to_timestamp())
    sums = lines[lines["period"] < CYCLE].groupby(key)[["ordered_qty", "net_value"]].sum()
    totals = loaded.tables["sales_history"].set_index(key)
    totals = totals[totals.index.get_level_values("period") >= sums.index.get_level_values(3).min()]
    both = totals.join(sums, rsuffix="_lines", how="outer")
    assert len(both) == len(totals) == len(sums)
    assert (both["actual_qty"] == both["ordered_qty"]).all()
    assert np.allclose(both["net_value"], both["net_value_lines"], atol=0.01)
    assert sums.index.get_level_values("period").nunique() == 24


def test_history_has_72_months_and_ends_before_the_cycle(loaded):
    periods = loaded.tables["sales_history"]["period"]
    assert periods.nunique() == 72
    assert (periods.min(), periods.max()) == (
        pd.Timestamp("2020-11-01"),
        pd.Timestamp("2026-10-01"),
    )


def test_order_lines_hold_backlog_open_orders_partial_shipments_and_cancellations(loaded):
    lines = loaded.tables["sales_order_line"]
    left = lines["ordered_qty"] - lines["shipped_qty"] - lines["cancelled_qty"]
    due = lines["requested_date"] <= AS_OF
    assert 35_000 < len(lines) < 45_000
    assert (left >= 0).all()
    assert 30 < (due & (left > 0)).sum() < 200
    assert (~due & (left > 0)).sum() > 500
    assert (lines["cancelled_qty"] > 0).sum() > 100
    assert ((lines["shipped_qty"] > 0) & (lines["shipped_qty"] < lines["ordered_qty"])).sum() > 100
    assert lines[["order_date", "shipped_date"]].max().max() <= AS_OF


def test_a_company_of_believable_size(loaded):
    history, item = loaded.tables["sales_history"], loaded.tables["item"]
    last = history[history["period"] > pd.Timestamp("2025-10-01")]
    monthly = last.groupby("period")["actual_qty"].sum()
    assert (monthly.min() > 1.1e6) and (monthly.max() < 2.4e6)
    assert 700e6 < last["net_value"].sum() < 900e6
    assert item["item_kind"].value_counts().to_dict() == {
        "finished": len(ITEMS), "material": 21, "semi": 11,
    }  # fmt: skip
    assert loaded.tables["location"]["location_kind"].value_counts().to_dict() == {
        "dc": 6, "plant": 3,
    }  # fmt: skip
    assert len(loaded.tables["customer"]) == 24


def test_opening_stock_is_the_last_month_end_and_stock_outs_show(loaded):
    place = ["item", "location"]
    opening = loaded.tables["opening_stock"].groupby(place)["on_hand_qty"].sum()
    history = loaded.tables["stock_history"]
    last = history[history["period"] == "2026-10-01"].set_index(place)["closing_qty"]
    pd.testing.assert_series_equal(opening, last[last > 0], check_names=False)
    outs = planted_truth(DEMO_SEED)["stock_out"]
    seen = outs.merge(history, on=[*place, "period"], validate="one_to_one")
    assert len(seen) == len(outs) == 18
    assert (seen["closing_qty"] == 0).all() and (seen["stocked_share"] < 0.65).all()


def test_prices_leave_a_margin_of_a_quarter_to_two_fifths():
    both = to_list_price().merge(to_standard_cost(), on="item", validate="one_to_one")
    net = both["taxed_price"] / 1.13
    margin = 1 - both["unit_cost_value"] / net
    assert margin.between(0.24, 0.38).all()
    assert net.between(17, 60).all()


def test_a_case_of_cola_holds_24_cans_and_its_syrup():
    cola = to_recipe().query("item == '010101'").set_index("component")["component_qty"]
    assert cola["030201"] == 24
    assert cola["020101"] == pytest.approx(0.33 * 24 / 6)


def test_regular_hours_are_days_shifts_and_efficiency_less_upkeep(loaded):
    hours = loaded.tables["capacity"].set_index(["resource", "period"])["regular_hours"]
    june = pd.Timestamp("2027-06-01")
    days = 26 - 1  # Monday to Saturday less the dragon boat day
    assert hours["CAN1", june] == pytest.approx(days * 2 * 8 * 0.74 - 8)


def test_lines_are_short_in_summer_and_have_room_in_winter(company):
    loads = _load_rates(company)
    summer = loads[["2027-06", "2027-07"]].max(axis=1)
    assert (summer[["CAN1", "CAN2", "PET1"]] > 1.0).all()
    assert (loads["2026-12"] < 0.85).all()


def _load_rates(company):
    """Hours needed on the preferred line over regular hours, a column a month."""
    way = to_operations().query("priority == 1 and item.str.startswith('01')").set_index("item")
    hours = way["hours_per_thousand"] / 1000 + way["setup_hours"] / way["usual_lot"]
    series = company.demand.series["item"]
    need = pd.DataFrame(company.demand.base, columns=MONTHS.strftime("%Y-%m"))
    need = need.mul(series.map(hours).fillna(0), axis=0)
    need = need.groupby(series.map(way["resource"])).sum()
    capacity = to_capacity()
    regular = capacity["days"] * capacity["shifts"] * 8 * capacity["efficiency"]
    regular = regular - capacity["upkeep_hours"]
    wide = regular.groupby([capacity["resource"], capacity["period"].dt.strftime("%Y-%m")]).sum()
    available = wide.unstack().loc[need.index]
    return need[available.columns] / available


def test_lunar_new_year_moves_15_to_25_percent_of_a_month():
    moves = pd.Series(new_year_moves(), index=MONTHS)
    assert moves.sum() == pytest.approx(0)
    assert FAMILIES["new_year"].between(0.15, 0.25).all()
    assert moves["2022-01-01"] == 1 and moves["2022-02-01"] == -1  # 2022-02-01: all in two months
    assert moves["2023-01-01"] < 0.5  # 2023-01-22: half of it in December


def test_noise_promotions_and_lost_sales_keep_their_sizes(company):
    truth = planted_truth(DEMO_SEED)
    assert truth["noise"]["noise_rate"].between(0.10, 0.20).all()
    assert truth["promotion"]["uplift_rate"].between(0.15, 0.60).all()
    assert (truth["promotion"]["dip_rate"] > 0).all()
    assert truth["stock_out"]["lost_rate"].between(0.40, 0.85).all()
    demand = truth["demand"].dropna(subset="actual_qty")
    assert len(demand) == len(company.demand.series) * HISTORY
    whole = demand.groupby(["item", "location", "period"])[["true_qty", "expected_qty"]].sum()
    steady = ~whole.index.get_level_values("item").isin(INTERMITTENT)
    large = whole[steady & (whole["expected_qty"] > 2000)]
    error = np.log(large["true_qty"] / large["expected_qty"]).std()
    assert 0.10 < error < 0.20


def test_sales_knows_more_than_chance_and_marketing_hopes(company):
    errors = _stream_errors(company)
    assert errors.loc["sales", "wape"] < errors.loc["finance", "wape"] - 0.02
    assert errors.loc["marketing", "wape"] > errors.loc["finance", "wape"] + 0.02
    assert 0.10 < errors.loc["marketing", "bias"] < 0.20
    assert abs(errors.loc["finance", "bias"]) < 0.03


def _stream_errors(company):
    """WAPE and bias of the first month ahead, cycles 2024-11 to 2026-10."""
    demand = company.demand
    keys = [demand.series["item"], demand.series["location"]]
    came = pd.DataFrame(demand.actual).groupby(keys).sum().stack().rename("actual")
    came = came.rename_axis(["item", "location", "cycle"]).reset_index()
    given = company.streams.rename(columns={0: "forecast"})
    both = given.merge(came, on=["item", "location", "cycle"], validate="many_to_one")
    gap = both["forecast"] - both["actual"]
    both = both.assign(gap=gap, miss=gap.abs())
    sums = both.groupby("stream")[["gap", "miss", "actual"]].sum()
    return pd.DataFrame(
        {"wape": sums["miss"] / sums["actual"], "bias": sums["gap"] / sums["actual"]}
    )


def test_streams_cover_24_past_cycles_and_this_one_six_months_each(loaded):
    streams = loaded.tables["forecast_stream"]
    assert streams["cycle"].nunique() == 25
    assert (streams["cycle"].min(), streams["cycle"].max()) == ("2024-11", "2026-11")
    assert streams.groupby("cycle")["period"].nunique().eq(6).all()
    assert set(streams["stream"]) == {"sales", "marketing", "finance", "customer"}


def test_last_month_s_snapshot_differs_only_where_it_was_restated(loaded):
    key = ["item", "location", "customer", "period"]
    past = loaded.tables["past_history"].set_index(key)["actual_qty"]
    now = loaded.tables["sales_history"].set_index(key)["actual_qty"]
    now = now[now.index.get_level_values("period") < "2026-10-01"]
    changed = past.compare(now.loc[past.index])
    assert len(past) == len(now)
    assert sorted(changed.index) == sorted(
        planted_truth(DEMO_SEED)["restated"].set_index(key).index
    )
    assert loaded.tables["past_plan"]["period"].nunique() == 18


def test_every_code_that_pages_show_has_a_label_in_both_languages(loaded):
    labels = loaded.tables["label"].set_index(["field", "lang"])["code"].sort_index()
    for field in ("item", "location", "customer", "resource"):
        codes = set(loaded.tables[field][field])
        assert codes == set(labels[field, "zh"]) == set(labels[field, "en"])
    assert set(loaded.tables["item"]["family"]) == set(labels["family", "en"])
    assert set(LINES["resource"]) == set(labels["resource", "zh"])


def test_orders_under_way_arrive_where_goods_are_wanted(loaded):
    orders = loaded.tables["open_supply"]
    assert set(orders["supply_kind"]) == {"make", "buy", "move"}
    assert (orders["due_date"] > AS_OF).all() and (orders["order_date"] <= AS_OF).all()
    cans = orders.query("item == '030201' and supply_kind == 'buy'")["open_qty"]
    assert (cans % 10_000 == 0).all()  # written in thousands, read in pieces


def test_another_seed_is_another_company_of_the_same_structure():
    other = build_company(3)
    assert set(other.demand.series["item"]) == set(ITEMS["item"])
    assert other.demand.actual.sum() != build_company(DEMO_SEED).demand.actual.sum()
