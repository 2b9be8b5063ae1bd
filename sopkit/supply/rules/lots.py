"""Whole lots in the first months: batches of production, order multiples, full loads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.inputs.dated import value_on
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.lp import Array, Block, Model, Rows, Term, power_of_two
from sopkit.tables import ALL, PLACE

WHOLE = 1e-6
ODD_KEY = ["flow_kind", "item", "location", "source"]


@dataclass(frozen=True)
class Lots:
    """Lot sizes in good units, where flows are counted.

    Args:
        months: months from the first in which lots are whole; the plan is linear after them.
        ways: `way` (row of the case's ways); a row for each way that comes in lots.
        multiple: a flow is a multiple of it (rows of `ways` x periods); 0: any.
        least: smallest flow that is not 0 (rows of `ways` x periods); 0: any.
        loads: `flow_kind`, `item` (`all`: over all its items), `location`, `source` of a lane, and
            `multiple`: its full load.
        load_ways: `way`, `load` (row of `loads`).
    """

    months: int
    ways: pd.DataFrame
    multiple: Array
    least: Array
    loads: pd.DataFrame
    load_ways: pd.DataFrame

    def any(self) -> bool:
        """Return whether anything must come in whole lots."""
        return self.months > 0 and len(self.ways) + len(self.loads) > 0


def prepare_lots(
    tables: SupplyTables, ways: pd.DataFrame, months: int, periods: pd.DatetimeIndex
) -> Lots:
    """Return the lot sizes of operations, purchase terms (dated) and lanes.

    Lots of production are counted in units started, so a lot of 100 at a yield of 0.9 is 90 good
    units. A smallest lot that is no multiple is the next one.
    """
    multiple, least = np.zeros((2, len(ways), len(periods)))
    _fill_made(tables, ways, multiple, least)
    _fill_bought(tables, ways, periods, multiple, least)
    in_lots = ((multiple > 0) | (least > 0)).any(axis=1)
    multiple, least = multiple[in_lots], least[in_lots]
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.ceil(np.where(multiple > 0, least / multiple, 0.0) - WHOLE)
    least = np.where(multiple > 0, np.where(steps > 1, steps * multiple, 0.0), least)
    loads, load_ways = _list_loads(tables, ways)
    rows = pd.DataFrame({"way": np.flatnonzero(in_lots)})
    return Lots(months, rows, multiple, least, loads, load_ways)


def _fill_made(tables: SupplyTables, ways: pd.DataFrame, multiple: Array, least: Array) -> None:
    made = (ways["flow_kind"] == "make").to_numpy()
    lots = tables.operation.set_index("operation").reindex(ways.loc[made, "source"])
    for into, column in ((multiple, "lot_multiple_qty"), (least, "lot_min_qty")):
        good = lots[column].to_numpy(float) * lots["yield_rate"].to_numpy(float)
        into[made] = np.nan_to_num(good)[:, None]


def _fill_bought(
    tables: SupplyTables,
    ways: pd.DataFrame,
    periods: pd.DatetimeIndex,
    multiple: Array,
    least: Array,
) -> None:
    bought = (ways["flow_kind"] == "buy").to_numpy()
    keys = ways.loc[bought, ["source", *PLACE]].rename(columns={"source": "supplier"})
    asked = keys.loc[keys.index.repeat(len(periods))].reset_index(drop=True)
    asked["period"] = np.tile(periods.to_numpy(), len(keys))
    on = ["supplier", *PLACE]
    for into, column in ((multiple, "multiple_qty"), (least, "min_qty")):
        found = value_on(asked, tables.purchase_term, column, on, "location").to_numpy(float)
        into[bought] = np.nan_to_num(found.reshape(-1, len(periods)))


def _list_loads(tables: SupplyTables, ways: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return lanes that go in full loads, and the ways on them; an item's own lane wins."""
    lane = tables.lane[["from_location", "to_location", "item", "multiple_qty"]]
    lane = lane.set_axis(["source", "location", "item", "multiple"], axis="columns")
    moved = ways.loc[ways["flow_kind"] == "move", ODD_KEY].reset_index(names="way")
    ends = ["source", "location"]
    own = moved.merge(lane[lane["item"] != ALL], on=[*ends, "item"], validate="many_to_one")
    pooled = lane[lane["item"] == ALL].drop(columns="item")
    rest = moved[~moved["way"].isin(own["way"])].merge(pooled, on=ends, validate="many_to_one")
    rows = pd.concat([own, rest.assign(item=ALL)], ignore_index=True)
    rows = rows[rows["multiple"] > 0].sort_values("way", ignore_index=True)
    loads = rows[[*ODD_KEY, "multiple"]].drop_duplicates(ODD_KEY)
    loads = loads.sort_values(ODD_KEY, ignore_index=True).reset_index(names="load")
    numbered = rows.merge(loads[[*ODD_KEY, "load"]], on=ODD_KEY, validate="many_to_one")
    return loads[[*ODD_KEY, "multiple"]], numbered[["way", "load"]].astype("int64")


def add_lots(model: Model, lots: Lots, *, most: Array, price: Array) -> None:
    """Add whole lots in the first months; a flow outside of lots is possible at its price.

    Variables: `lots` and `loads` (how many), `batch` (0 or 1), `odd` and `odd_load` (good units
    that are in no lot; cost term `lots`: a missed lot). So no lot makes a plan impossible.

    1. `lot_multiple`: flow - odd = multiple x lots.
    2. `lot_least`: flow - odd >= least x batch; `lot_batch`: flow - odd <= most x batch.
    3. `full_load`: flow over all items of the lane - odd load = full load x loads.

    Args:
        most: no sensible flow is larger (all ways x periods).
        price: money an odd unit of each way; dearer than any sale.
    """
    first = np.arange(len(model.periods)) < lots.months
    if len(lots.ways):
        _add_way_lots(model, lots, first, most, price)
    if len(lots.loads):
        _add_loads(model, lots, first, price)


def _add_way_lots(model: Model, lots: Lots, first: Array, most: Array, price: Array) -> None:
    way = lots.ways["way"].to_numpy(int)
    keys, unit = model.dims["way"].keys[way], model.dims["way"].unit[way]
    model.add_dim("lot", keys)
    model.add_dim("lot_flow", keys, unit)
    in_steps, in_batches = first & (lots.multiple > 0), first & (lots.least > 0)
    no_limit, none = np.full(lots.least.shape, np.inf), np.zeros(lots.least.shape)
    model.blocks["lots"] = Block("lot", no_limit, {}, keep=in_steps, whole=True)
    model.blocks["batch"] = Block("lot", none + 1.0, {}, keep=in_batches, whole=True)
    dear = {"lots": none + price[way][:, None]}
    model.blocks["odd"] = Block("lot_flow", no_limit, dear, keep=in_steps | in_batches)
    flow = [Term("flow", pick=way), Term("odd", -1.0)]
    steps = Term("lots", -lots.multiple)
    model.rows["lot_multiple"] = Rows("lot_flow", none, none, [*flow, steps], in_steps)
    small, large = Term("batch", -lots.least), Term("batch", -most[way])
    model.rows["lot_least"] = Rows("lot_flow", none, no_limit, [*flow, small], in_batches)
    model.rows["lot_batch"] = Rows("lot_flow", -no_limit, none, [*flow, large], in_batches)


def _add_loads(model: Model, lots: Lots, first: Array, price: Array) -> None:
    way, load = (lots.load_ways[name].to_numpy(int) for name in ("way", "load"))
    size = lots.loads["multiple"].to_numpy(float)
    keys = pd.MultiIndex.from_frame(lots.loads[ODD_KEY])
    model.add_dim("load", keys)
    model.add_dim("load_flow", keys, np.array([power_of_two(one) for one in size]))
    none = np.zeros((len(keys), len(model.periods)))
    keep, no_limit = none + first > 0, np.full(none.shape, np.inf)
    dear = np.zeros(len(keys))
    np.maximum.at(dear, load, price[way])
    model.blocks["loads"] = Block("load", no_limit, {}, keep=keep, whole=True)
    model.blocks["odd_load"] = Block(
        "load_flow", no_limit, {"lots": none + dear[:, None]}, keep=keep
    )
    terms = [
        Term("flow", pick=way, to=load),
        Term("loads", -size[:, None]),
        Term("odd_load", -1.0),
    ]
    model.rows["full_load"] = Rows("load_flow", none, none, terms, keep)


def count_lots(lots: Lots, flow: Array) -> dict[str, Array]:
    """Return the whole lots in any flow, and what of it is in none: values of the rule's variables.

    Args:
        flow: good units started (all ways x periods).

    Example:
        Flow 250 in lots of 100: 2 lots, 50 odd. Flow 30 with a smallest lot of 40: 30 odd.
    """
    first = np.arange(flow.shape[1]) < lots.months
    values: dict[str, Array] = {}
    if not lots.any():
        return values
    if len(lots.ways):
        of_way = flow[lots.ways["way"].to_numpy(int)]
        steps, within = _split(of_way, lots.multiple)
        within = np.where(within + WHOLE < lots.least, 0.0, within)
        in_steps, in_batches = first & (lots.multiple > 0), first & (lots.least > 0)
        values["lots"] = np.where(in_steps & (within > 0), steps, 0.0)
        values["batch"] = np.where(in_batches & (within > 0), 1.0, 0.0)
        values["odd"] = np.where(in_steps | in_batches, of_way - within, 0.0)
    if len(lots.loads):
        size = lots.loads["multiple"].to_numpy(float)[:, None]
        total = np.zeros((len(size), flow.shape[1]))
        way, load = (lots.load_ways[name].to_numpy(int) for name in ("way", "load"))
        np.add.at(total, load, flow[way])
        loads, within = _split(total, size + 0.0 * total)
        values["loads"] = np.where(first, loads, 0.0)
        values["odd_load"] = np.where(first, total - within, 0.0)
    return values


def _split(qty: Array, multiple: Array) -> tuple[Array, Array]:
    """Return whole multiples in a quantity and how much they hold; all of it where any will do."""
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.where(multiple > 0, np.floor(qty / multiple + WHOLE), 0.0)
    return steps, np.where(multiple > 0, np.minimum(steps * multiple, qty), qty)


def read_odd_lots(
    lots: Lots, ways: pd.DataFrame, values: dict[str, Array], periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return what a plan moves outside of whole lots in its first months, where it had to.

    Returns:
        `flow_kind`, `item` (`all` for a load over all items), `location`, `source`, `period`,
        `odd_qty` [good units that are in no lot].
    """
    of_way = ways.loc[lots.ways["way"], ODD_KEY].reset_index(drop=True)
    found = [
        keys.loc[at[0]].assign(period=periods[at[1]], odd_qty=odd[at])
        for keys, name in ((of_way, "odd"), (lots.loads[ODD_KEY], "odd_load"))
        if name in values
        for odd in [values[name]]
        for at in [np.nonzero(odd > WHOLE)]
    ]
    columns = [*ODD_KEY, "period", "odd_qty"]
    return pd.concat([pd.DataFrame(columns=columns), *found], ignore_index=True)[columns]


def round_lots(
    lots: Lots, flow: Array, limit: Array, up_from: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return whole lots near the flows of a linear plan, and how far each is away.

    Args:
        flow, limit: good units started and most of them (all ways x periods).
        up_from: share of a lot from which one more is taken (ways); 1: all are rounded down.

    Returns:
        Values of the rule's whole variables, and by the same names the distance in lots.

    Example:
        Flow 260 in lots of 100, one more from a half on: 3 lots, 0.4 away; limit 280: 2.
    """
    near: dict[str, Array] = {}
    away: dict[str, Array] = {}
    if len(lots.ways):
        way = lots.ways["way"].to_numpy(int)
        of_way, share = flow[way], np.clip(up_from[way][:, None], WHOLE, 1 - WHOLE)
        steps = _round(of_way, lots.multiple, lots.least, limit[way], share)
        batch = (of_way >= share * lots.least) & (of_way > WHOLE) & (lots.least <= limit[way])
        near["lots"] = np.where(batch | (lots.least == 0), steps, 0.0)
        near["batch"] = batch.astype(float)
        size = np.where(lots.multiple > 0, lots.multiple, np.maximum(lots.least, WHOLE))
        planned = np.where(lots.multiple > 0, near["lots"] * size, np.maximum(of_way, lots.least))
        away["lots"] = np.abs(np.where(batch, planned, 0.0) - of_way) / size
        away["batch"] = away["lots"]
    if len(lots.loads):
        full = lots.loads["multiple"].to_numpy(float)[:, None] + np.zeros(flow.shape[1])
        total, share = np.zeros((2, *full.shape))
        moved, load = (lots.load_ways[name].to_numpy(int) for name in ("way", "load"))
        np.add.at(total, load, flow[moved])
        np.maximum.at(share, load, np.clip(up_from, WHOLE, 1 - WHOLE)[moved][:, None])
        near["loads"] = _round(total, full, 0.0 * full, np.inf + full, share)
        away["loads"] = np.abs(near["loads"] - total / full)
    return near, away


def _round(qty: Array, multiple: Array, least: Array, most: Array, share: Array) -> Array:
    """Return multiples near a quantity, at least the smallest lot, at most what the limit holds."""
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.floor(qty / multiple + 1 - share)
        near = np.maximum(near, np.ceil(least / multiple - WHOLE))
        near = np.minimum(near, np.floor(most / multiple + WHOLE))
    return np.where(multiple > 0, near, 0.0)
