"""Supply tables for tests: short ways to write them, and a generator of random small companies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from builders import table

from sopkit.supply import Rates, SupplyTables

FREE = Rates(
    holding_rate=0.0,
    below_target_rate=0.0,
    deep_target_rate=0.0,
    fair_share_rate=0.0,
    change_rate=0.0,
    preference_rate=0.0,
)


def months(count: int, first: str = "2026-01-01") -> pd.DatetimeIndex:
    return pd.date_range(first, periods=count, freq="MS", name="period")


def demand(*rows: str) -> pd.DataFrame:
    frame = table("item location period demand_qty", *rows)
    return frame.assign(customer="all", demand_class="forecast", priority=2)


def service(late_rate: float = 0.05, lost: float = 1.0, late_months: int = 0) -> pd.DataFrame:
    return table(
        "customer priority late_rate lost_sale_rate late_months",
        f"all 2 {late_rate} {lost} {late_months}",
    )


def tables(**frames: pd.DataFrame) -> SupplyTables:
    return SupplyTables.collect(frames)


def line(hours: str = "100", overtime: str = "0", count: int = 3) -> dict[str, pd.DataFrame]:
    """Item A made at P on line L, one hour a unit, price 100, unit cost 12."""
    return {
        "operation": table("operation item location unit_cost_value", "opA A P 4"),
        "resource_need": table("operation resource hours_per_unit", "opA L 1"),
        "resource": table("resource location overtime_value", "L P 3"),
        "capacity": table(
            "resource period regular_hours overtime_hours",
            *[f"L {month:%Y-%m} {hours} {overtime}" for month in months(count)],
        ),
        "price": table("item price_value", "A 100"),
        "cost": table("item unit_cost_value", "A 12"),
    }


def random_company(seed: int) -> tuple[SupplyTables, pd.DataFrame, pd.DatetimeIndex]:
    """Return a small random company: 3 levels, 2 plants, 2 DCs, limits, lead times, backlog."""
    draw = np.random.default_rng(seed)
    periods = months(6)
    plants, dcs = ["P1", "P2"], ["D1", "D2"]
    finished, semis, parts = ["F1", "F2", "F3"], ["S1"], ["M1", "M2"]
    operation, need, bom = [], [], []
    for item in [*finished, *semis]:
        for plant in plants:
            code = f"{item}-{plant}"
            operation.append(
                (
                    code,
                    item,
                    plant,
                    draw.uniform(1, 5),
                    draw.choice([0, 5, 35]),
                    draw.uniform(0.8, 1.0),
                    draw.integers(1, 3),
                    50.0,
                )
            )
            need.append((code, f"L{plant}", draw.uniform(0.2, 1.0), draw.uniform(0, 5)))
    for item in finished:
        bom += [(item, "S1", 1.0, 0.02), (item, draw.choice(parts), draw.uniform(1, 3), 0.0)]
    bom += [("S1", "M1", 0.5, 0.0)]
    lane = [
        (p, d, "all", draw.choice([0, 3, 40]), draw.uniform(0, 2), draw.choice([80.0, 500.0]))
        for p in plants
        for d in dcs
    ]
    term = [
        (
            f"V{k}",
            part,
            plant,
            draw.uniform(0.5, 2),
            draw.choice([0, 10, 50]),
            draw.choice([60.0, 400.0]),
        )
        for part in parts
        for plant in plants
        for k in (1, 2)
    ]
    wanted = [
        (item, dc, customer, period, kind, draw.uniform(5, 60), rank)
        for item in finished
        for dc in dcs
        for customer, rank in (("K", 1), ("X", 2))
        for period in periods
        for kind in ("forecast", *(["overdue", "open"] if period == periods[0] else []))
    ]
    stock = [
        (item, place, "free", draw.uniform(0, 60))
        for item in [*finished, *parts]
        for place in [*plants, *dcs]
    ]
    arriving = [
        (
            f"o{n}",
            item,
            place,
            "buy",
            draw.choice(pd.date_range("2025-12-01", "2026-04-30")),
            draw.uniform(5, 40),
        )
        for n, (item, place) in enumerate([("M1", "P1"), ("M2", "P2"), ("F1", "D1")])
    ]
    target = [
        (item, dc, period, 20.0, 0.0, 1.0, "error")
        for item in finished
        for dc in dcs
        for period in periods
    ]
    hours = [
        (f"L{plant}", period, draw.uniform(40, 160), 20.0) for plant in plants for period in periods
    ]
    frame = lambda rows, names: pd.DataFrame(rows, columns=names.split())  # noqa: E731
    company = tables(
        operation=frame(
            operation,
            "operation item location unit_cost_value lead_time_days "
            "yield_rate priority usual_lot_qty",
        ),
        resource_need=frame(need, "operation resource hours_per_unit setup_hours_per_lot"),
        resource=frame(
            [("LP1", "P1", 1.0, 4.0), ("LP2", "P2", 0.0, 6.0)],
            "resource location hour_value overtime_value",
        ),
        capacity=frame(hours, "resource period regular_hours overtime_hours"),
        bom=frame(bom, "item component component_qty scrap_rate"),
        lane=frame(lane, "from_location to_location item lead_time_days unit_cost_value max_qty"),
        purchase_term=frame(term, "supplier item location price_value lead_time_days max_qty"),
        opening_stock=frame(stock, "item location status on_hand_qty"),
        open_supply=frame(arriving, "supply_order item location supply_kind due_date open_qty"),
        stock_target=frame(
            target, "item location period safety_stock_qty cycle_stock_qty protection_months basis"
        ),
        price=frame([(item, draw.uniform(15, 60)) for item in finished], "item price_value"),
        cost=frame([(item, draw.uniform(8, 14)) for item in finished], "item unit_cost_value"),
        service_class=frame(
            [("K", 1, 0.1, 1.0, 2), ("X", 2, 0.05, 0.8, 1)],
            "customer priority late_rate lost_sale_rate late_months",
        ),
    )
    names = "item location customer period demand_class demand_qty priority"
    return company, frame(wanted, names), periods
