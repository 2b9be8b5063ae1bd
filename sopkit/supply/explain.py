"""Why a demand is served late or not at all: the cause that binds, followed up its chain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sopkit.supply.case import Array, Case
from sopkit.supply.model import list_arrivals, price_flow
from sopkit.supply.read_plan import Plan
from sopkit.tables import PLACE, TABLES, fit_columns

SCARCE_SHARE = 1e-3
CAUSE_COLUMNS = ["cause", "cause_code", "cause_period", "root_cause", "root_code"]


@dataclass(frozen=True)
class Cause:
    """What binds: the kind, which one, in which month (column), and what is behind a material."""

    cause: str
    cause_code: str
    month: int
    root_cause: str = ""
    root_code: str = ""


def explain_shortages(case: Case, plan: Plan) -> pd.DataFrame:
    """Return every demand served late or not at all, with its binding cause and money.

    The cause is read from the plan's duals. A short unit has a worth at its place; starting from
    there, the way that would bring it cheapest is taken and its price split into plain cost and
    scarcity rents: hours, lane, supplier limit, parts, the place it would come from. The largest
    rent is the cause; a scarce part or place is followed up its own chain. No way that could
    arrive in time is `lead_time`, no way at all `no_source`, no rent worth naming `cost`
    (cheaper not to serve).

    Returns:
        Contract `shortage`, dearest first.

    Example:
        30 wanted, line full at 20: cause `resource`, code of the line, month in which it is full.
    """
    service = plan.plan_service
    missed = service[(service["short_qty"] > 0) | (service["late_qty"] > 0)]
    prices = plan.streams.rows[[*PLACE, "customer", "period", "demand_class", "price_value"]]
    keys = [*PLACE, "customer", "period", "demand_class"]
    missed = missed.merge(prices, on=keys, how="left", validate="one_to_one")
    missed["short_value"] = missed["short_qty"] * missed["price_value"]
    missed["late_value"] = missed["late_qty"] * missed["price_value"]
    sums = ["short_qty", "late_qty", "short_value", "late_value"]
    rows = missed.groupby([*PLACE, "period"], as_index=False)[sums].sum()
    numbers = case.places[PLACE].assign(place=case.places.index)
    rows = rows.merge(numbers, on=PLACE, how="left", validate="many_to_one")
    months = case.periods.get_indexer(pd.Index(rows["period"])).tolist()
    tracer = Tracer.prepare(case, plan)
    found = [tracer.trace(place, month) for place, month in zip(rows["place"], months, strict=True)]
    causes = pd.DataFrame(
        [
            (
                c.cause,
                c.cause_code,
                case.periods[c.month],
                c.root_cause or None,
                c.root_code or None,
            )
            for c in found
        ],
        columns=CAUSE_COLUMNS,
    )
    rows = pd.concat([rows, causes], axis=1).sort_values(
        ["short_value", "late_value", *PLACE, "period"],
        ascending=[False, False, True, True, True],
        ignore_index=True,
    )
    return fit_columns(rows, TABLES["shortage"])


@dataclass(frozen=True)
class Tracer:
    """The plan's prices, arranged for walking up the chain (see `explain_shortages`).

    Args:
        gap: cost and rents of a way less the worth of what it brings (ways x periods): about 0
            where the way is used, below 0 where a limit stops it, above 0 where it does not pay.
        hour_rent: scarcity rent of each need (needs x periods); part_rent: of each use.
        lane_rent: of each way (ways x periods).
        path: places on the way to the one being explained; lanes that lead back are left aside.
    """

    case: Case
    plan: Plan
    gap: Array
    hour_rent: Array
    part_rent: Array
    lane_rent: Array
    ways_into: dict[int, np.ndarray]
    known: dict[tuple[int, int], Cause] = field(default_factory=dict)
    path: list[int] = field(default_factory=list)

    @classmethod
    def prepare(cls, case: Case, plan: Plan) -> Tracer:
        """Return a tracer for a plan."""
        unit, hour, lane = (plan.worth[name] for name in ("unit", "hour", "lane"))
        needs, uses = case.needs, case.uses
        hour_rent = hour[needs["resource"].to_numpy()] * needs["need_hours"].to_numpy()[:, None]
        used = unit[uses["place"].to_numpy()] * case.use_qty
        base = case.places["base_cost"].to_numpy()[uses["place"].to_numpy()]
        with np.errstate(invalid="ignore"):
            plain = np.where(case.use_qty > 0, base[:, None] * case.use_qty, 0.0)
        lane_rent = np.zeros_like(case.way_cost)
        lane_rent[case.lane_ways["way"].to_numpy()] = lane[case.lane_ways["lane"].to_numpy()]
        gap = price_flow(case) + lane_rent - _worth_of_arrivals(case, unit)
        np.add.at(gap, needs["way"].to_numpy(), hour_rent)
        np.add.at(gap, uses["way"].to_numpy(), used)
        into = {
            int(str(p)): np.asarray(rows) for p, rows in case.ways.groupby("place").indices.items()
        }
        part_rent = np.where(np.isfinite(plain), used - plain, used)
        return cls(case, plan, gap, hour_rent, part_rent, lane_rent, into)

    def trace(self, place: int, month: int) -> Cause:
        """Return why there is not more of this place's item in this month."""
        key = (int(place), int(month))
        if key not in self.known:
            self.path.append(key[0])
            self.known[key] = self._find_cause(*key)
            self.path.pop()
        return self.known[key]

    def _find_cause(self, place: int, month: int) -> Cause:
        ways = self.ways_into.get(place, np.array([], dtype=int))
        item = str(self.case.places["item"].iloc[place])
        if not len(ways) or not np.isfinite(self.case.places["base_cost"].iloc[place]):
            return self._without_source(place, month, ways, item)
        chosen = self._choose_way(ways, month)
        if chosen is None:
            lead = self.case.ways["lead_days"].to_numpy()[ways]
            nearest = ways[int(np.argmin(lead))]
            return Cause("lead_time", str(self.case.ways["source"].iloc[nearest]), month)
        way, start = chosen
        return self._largest_rent(way, start, worth=self.plan.worth["unit"][place, month])

    def _without_source(self, place: int, month: int, ways: np.ndarray, item: str) -> Cause:
        """Return no_source for the item itself, or for the part that has none."""
        base = self.case.places["base_cost"].to_numpy()
        uses = self.case.uses
        for use in np.flatnonzero(np.isin(uses["way"].to_numpy(), ways)):
            part = int(uses["place"].iloc[use])
            if not np.isfinite(base[part]) and part != place:
                code = str(self.case.places["item"].iloc[part])
                if code != item:
                    return Cause("material", code, month, "no_source", code)
                return (
                    self.trace(part, month)
                    if not len(self.ways_into.get(part, []))
                    else Cause("no_source", item, month)
                )
        return Cause("no_source", item, month)

    def _choose_way(self, ways: np.ndarray, month: int) -> tuple[int, int] | None:
        """Return the way and start month that come nearest to paying for a unit in this month."""
        lead = self.case.ways["lead_months"].to_numpy()[ways]
        late = self.case.ways["late_share"].to_numpy()[ways]
        start_at = self.case.ways["from_place"].to_numpy()
        options = []
        for way, months, share in zip(ways, lead, late, strict=True):
            for start, part in ((month - months, 1 - share), (month - months - 1, share)):
                if start >= 0 and part > 0 and start_at[way] not in self.path:
                    gap = round(float(max(self.gap[way, start], 0.0)) / part, 6)
                    options.append((gap, -float(self.plan.flow[way, start]), -start, int(way)))
        if not options:
            return None
        _, _, start, way = min(options)
        return way, -int(start)

    def _largest_rent(self, way: int, start: int, worth: float) -> Cause:
        """Return the cause behind the largest scarcity rent of a way started in a month."""
        case = self.case
        row = case.ways.iloc[way]
        rents: list[tuple[float, str, int]] = [
            (max(-float(self.gap[way, start]), 0.0), "limit", 0),
            (float(self.lane_rent[way, start]), "lane", 0),
        ]
        for need in np.flatnonzero(case.needs["way"].to_numpy() == way):
            rents.append((float(self.hour_rent[need, start]), "resource", int(need)))
        for use in np.flatnonzero(case.uses["way"].to_numpy() == way):
            rents.append((float(self.part_rent[use, start]), "part", int(use)))
        rent, kind, index = max(rents, key=lambda one: one[0])
        if rent <= SCARCE_SHARE * max(worth, 1e-9):
            hurried = start == 0 and row["lead_days"] > 0
            return Cause("lead_time" if hurried else "cost", str(row["source"]), start)
        if kind == "resource":
            resource = int(case.needs["resource"].iloc[index])
            return Cause("resource", str(case.resources["resource"].iloc[resource]), start)
        if kind == "limit":
            return Cause("supplier", str(row["source"]), start)
        if kind == "lane":
            return Cause("lane", str(row["lane"]), start)
        behind = self.trace(int(case.uses["place"].iloc[index]), start)
        if row["flow_kind"] == "move":
            return behind
        return _as_material(str(case.places["item"].iloc[case.uses["place"].iloc[index]]), behind)


def _as_material(code: str, behind: Cause) -> Cause:
    """Return a material as the cause, with the last cause of its own chain behind it."""
    if behind.cause == "material":
        return Cause("material", code, behind.month, behind.root_cause, behind.root_code)
    return Cause("material", code, behind.month, behind.cause, behind.cause_code)


def _worth_of_arrivals(case: Case, unit: Array) -> Array:
    """Return the worth of what a unit started brings when it arrives (ways x periods)."""
    at_place = unit[case.ways["place"].to_numpy()]
    worth = np.zeros_like(at_place)
    months = worth.shape[1]
    for delay, share in list_arrivals(case.ways):
        if delay < months:
            worth[:, : months - delay] += at_place[:, delay:] * share[:, None]
    return worth
