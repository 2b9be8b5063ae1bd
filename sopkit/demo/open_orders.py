"""Orders under way on 2026-10-31: released production, purchases, transfers on the road.

Planted: of 38 mm caps only 200,000 are on order, so that 1 l juice runs short in December.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demo.places import DCS
from sopkit.demo.products import CAP_38, MATERIALS, each_cell, each_row
from sopkit.demo.sales import AS_OF, HISTORY, MONTHS
from sopkit.demo.supply import to_first_plants

CAP_38_ORDERS = (("2026-11-24", 200_000),)
CAP_38_PLANT = "P2"
_NAMES = ["kind", "item", "location", "source", "order_date", "due_date", "quantity"]
_Row = tuple[str, str, str, str, pd.Timestamp, pd.Timestamp, int]


def build_open_orders(
    wanted: pd.Series, needs: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return open orders: one row each, `quantity` in base units.

    Args:
        wanted: cases expected in November 2026 by (item, location), plants as their own rows.
        needs: use of syrups and materials by (item, plant), a column per month position.
        rng: random numbers of this step.
    """
    makes, moves = _to_make_orders(wanted, rng), _to_move_orders(wanted, rng)
    return pd.DataFrame([*makes, *_to_buy_orders(needs, rng), *moves], columns=_NAMES)


def _days(count: int) -> pd.Timedelta:
    return pd.Timedelta(days=count)


def _to_make_orders(wanted: pd.Series, rng: np.random.Generator) -> list[_Row]:
    rows: list[_Row] = []
    for (item, location), need in each_cell(wanted):
        if location in DCS or need < 500:
            continue
        for number in range(1 if need < 20_000 else 2):
            due = AS_OF + _days(int(rng.integers(2, 8)) + 6 * number)
            quantity = max(500, round(need * float(rng.uniform(0.08, 0.13)), -2))
            started = min(due - _days(int(rng.integers(6, 12))), AS_OF)
            rows.append(("make", item, location, "", started, due, int(quantity)))
    return rows


def _to_move_orders(wanted: pd.Series, rng: np.random.Generator) -> list[_Row]:
    plants = to_first_plants()
    rows: list[_Row] = []
    for (item, location), need in each_cell(wanted):
        if location not in DCS or need < 300 or rng.random() < 0.45:
            continue
        due = AS_OF + _days(int(rng.integers(1, 5)))
        quantity = max(50, round(need * float(rng.uniform(0.08, 0.18)), -1))
        sent = AS_OF - _days(int(rng.integers(0, 2)))
        rows.append(("move", item, location, str(plants[item]), sent, due, int(quantity)))
    return rows


def _to_buy_orders(needs: pd.DataFrame, rng: np.random.Generator) -> list[_Row]:
    """Return purchase orders that cover each month until a new order could arrive."""
    rows: list[_Row] = []
    for term in each_row(MATERIALS[MATERIALS["item"] != CAP_38]):
        uses = needs.loc[[term.item]].droplevel("item")
        for plant in uses.index:
            for ahead in range(1 + int(term.lead // 30)):
                need = float(uses.loc[plant].iloc[HISTORY + ahead])
                lots = max(1, round(need * float(rng.uniform(0.9, 1.1)) / term.multiple))
                due = MONTHS[HISTORY + ahead] + _days(int(rng.integers(2, 14)))
                ordered = min(due - _days(int(term.lead)), AS_OF)
                bought = int(lots * term.multiple)
                rows.append(("buy", term.item, plant, term.supplier, ordered, due, bought))
    supplier = str(MATERIALS.set_index("item").loc[CAP_38, "supplier"])
    for day, quantity in CAP_38_ORDERS:
        due = pd.Timestamp(day)
        rows.append(("buy", CAP_38, CAP_38_PLANT, supplier, due - _days(75), due, quantity))
    return rows
