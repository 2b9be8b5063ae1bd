import pandas as pd
from builders import table
from supply_cases import months

from sopkit.supply import net_demand
from sopkit.tables import TABLES, fit_columns

NONE = TABLES["service_class"].empty()


def forecast(*rows):
    return table("item location customer period demand_qty", *rows)


def orders(*rows):
    frame = table(
        "order item location customer order_date requested_date ordered_qty shipped_qty cancelled_qty",
        *rows,
    )
    return fit_columns(frame, TABLES["sales_order_line"])


NO_ORDERS = TABLES["sales_order_line"].empty()


def by_class(net):
    rows = net.assign(period=net["period"].dt.strftime("%m"))
    return rows.groupby(["demand_class", "period"])["demand_qty"].sum().to_dict()


def test_overdue_open_and_net_forecast_are_told_apart():
    net = net_demand(
        forecast("A D K 2026-01 100"),
        orders(
            "1 A D K 2025-12-01 2025-12-20 5 0 0",
            "2 A D K 2025-12-28 2026-01-15 30 10 0",
        ),
        NONE,
        months(1),
    )
    assert by_class(net) == {("overdue", "01"): 5, ("open", "01"): 20, ("forecast", "01"): 70}


def test_orders_above_the_forecast_consume_the_month_before_then_the_month_after():
    net = net_demand(
        forecast("A D K 2026-01 10", "A D K 2026-02 10", "A D K 2026-03 10"),
        orders("1 A D K 2025-12-28 2026-02-15 25 0 0"),
        NONE,
        months(3),
    )
    assert by_class(net) == {("open", "02"): 25, ("forecast", "03"): 5}


def test_a_month_is_consumed_by_its_own_orders_first():
    net = net_demand(
        forecast("A D K 2026-01 10", "A D K 2026-02 10"),
        orders("1 A D K 2025-12-28 2026-01-15 15 0 0", "2 A D K 2025-12-28 2026-02-15 8 0 0"),
        NONE,
        months(2),
    )
    assert by_class(net) == {("open", "01"): 15, ("open", "02"): 8}


def test_orders_of_a_group_without_forecast_consume_that_of_all():
    net = net_demand(
        forecast("A D all 2026-01 100"),
        orders("1 A D K 2025-12-28 2026-01-15 30 0 0"),
        NONE,
        months(1),
    )
    rows = net.set_index("demand_class")[["customer", "demand_qty"]]
    assert rows.loc["open"].tolist() == ["K", 30] and rows.loc["forecast"].tolist() == ["all", 70]


def test_orders_count_where_there_is_no_forecast_and_cancelled_ones_nowhere():
    net = net_demand(
        forecast("B D all 2026-01 1"),
        orders("1 A D K 2025-12-28 2026-01-15 30 0 12", "2 A D K 2025-12-28 2026-06-15 9 0 0"),
        NONE,
        months(1),
    )
    assert by_class(net[net["item"] == "A"]) == {("open", "01"): 18}


def test_months_past_the_forecast_repeat_the_year_before():
    given = forecast(*[f"A D all {month:%Y-%m} {n}" for n, month in enumerate(months(12), 1)])
    net = net_demand(given, NO_ORDERS, NONE, months(14))
    last = net[net["period"] >= pd.Timestamp("2027-01-01")]
    assert last["demand_qty"].tolist() == [1, 2]


def test_priority_is_the_customers_own_else_that_of_all():
    ranks = table(
        "customer priority late_rate lost_sale_rate late_months", "K 1 0 1 0", "all 3 0 1 0"
    )
    net = net_demand(forecast("A D K 2026-01 1", "A D X 2026-01 1"), NO_ORDERS, ranks, months(1))
    assert net["priority"].tolist() == [1, 3]
