"""From a missed unit up its chain, by the plan's prices, to the limit that stops it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sopkit.supply.explain.limits import Limit, find_ways
from sopkit.supply.explain.rents import Rents, read_rents
from sopkit.supply.inputs.case import Case
from sopkit.supply.loads import rank_ways
from sopkit.supply.results.read_plan import Plan

SCARCE_SHARE = 1e-3
LONG_DAYS = 15.0
POLICY_SHARE = 0.5


@dataclass(frozen=True)
class Cause:
    """What stops a unit.

    Args:
        limit: what binds.
        month: column of the month in which it binds.
        material: the part that is missing for it; empty where the unit itself is stopped.
        scarcity: share of the missed unit's worth that is not plain cost, 0..1.
        place: row of the place whose ways are stopped: that of the unit, or of a part.
        rival: a long lead time on the way that may be what really stops it: to be in time, part
            of the goods would have had to be started before the plan.
    """

    limit: Limit
    month: int
    place: int = -1
    material: str = ""
    scarcity: float = 1.0
    rival: Cause | None = None


@dataclass
class Tracer:
    """A plan's prices and network, arranged for walking up the chain.

    Args:
        into: ways into each place, the preferred first.
        path: places on the way to the one being explained; lanes that lead back are left aside.
        turned_back: how often that was done; what was found then holds on that path only.
    """

    case: Case
    rents: Rents
    into: dict[int, list[int]]
    known: dict[tuple[int, int], Cause] = field(default_factory=dict)
    path: list[int] = field(default_factory=list)
    turned_back: int = 0

    @classmethod
    def prepare(cls, case: Case, plan: Plan) -> Tracer:
        """Return a tracer for a plan; ways into a place stand in the order of preference."""
        into: dict[int, list[int]] = {}
        for way, place in rank_ways(case)[["way", "place"]].itertuples(index=False):
            into.setdefault(int(place), []).append(int(way))
        return cls(case, read_rents(case, plan), into)

    def trace(self, place: int, month: int) -> Cause:
        """Return why there is not more of this place's item in this month.

        Starting from what a unit is worth there, the preferred way that would pay if nothing were
        scarce is split into plain cost and what its limits take: its own bound, hours, lane,
        fence, policy, parts above their plain cost. The largest is the cause; a scarce part or
        place is followed up its own chain. Where stock could have been carried from a month in
        which it was cheaper, but a policy forbids it, the policy is the cause.
        """
        key = (place, month)
        if key in self.known:
            return self.known[key]
        before = self.turned_back
        self.path.append(place)
        found = self._find_cause(place, month)
        found = found if found.place >= 0 else replace(found, place=place)
        self.path.pop()
        if self.turned_back == before or not self.path:
            self.known[key] = found
        return found

    def trace_demand(self, place: int, month: int, price: float) -> Cause:
        """Return why a demand at a place is missed.

        Where no way brings a unit for what losing it costs, even if nothing were scarce, it is not
        worth serving; a unit may be worth more there to customers of higher rank.

        Args:
            price: what losing a unit costs; infinite where it is only late.
        """
        ways = self.into.get(place, [])
        less = max(float(self.rents.worth[place, month]) - price, 0.0)
        if ways and less > 0:
            starts = {way: self._choose_start(way, month) for way in ways}
            if not any(self._would_pay(way, starts[way], month, price, less) for way in ways):
                return Cause(self._limit("cost", ways[0]), month, place, scarcity=0.0)
        return self.trace(place, month)

    def _find_cause(self, place: int, month: int) -> Cause:
        worth = float(self.rents.worth[place, month])
        ways = self.into.get(place, [])
        if not ways or not np.isfinite(self.case.places["base_cost"].iloc[place]):
            return self._without_source(place, month)
        open_ways = [way for way in ways if self._start_of(way) not in self.path]
        self.turned_back += len(ways) - len(open_ways)
        starts = {way: self._choose_start(way, month) for way in open_ways}
        paying = [way for way in open_ways if self._would_pay(way, starts[way], month, worth)]
        if not paying:
            first = (open_ways or ways)[0]
            return Cause(self._limit("cost", first), month, scarcity=0.0)
        way = paying[0]
        start = starts[way]
        kept = self._find_policy(place, month)
        if start is None:
            found = Cause(self._limit("lead_time", way), month)
            return kept[1] if kept and kept[0] > SCARCE_SHARE * worth else found
        rent, found = self._largest_rent(way, start, worth)
        if kept and kept[0] > max(POLICY_SHARE * rent, SCARCE_SHARE * worth):
            return kept[1]
        scarcity = 1 - self.rents.plain[way, start] / worth if worth > 0 else 0.0
        rival = self._find_rival(way, month, found.rival)
        return replace(found, scarcity=float(np.clip(scarcity, 0.0, 1.0)), rival=rival)

    def _find_rival(self, way: int, month: int, behind: Cause | None) -> Cause | None:
        """Return the way's lead time, if it is long and began before the plan; the longest wins."""
        row = self.case.ways.iloc[way]
        begun = month - int(row["lead_months"]) - int(row["late_share"] > 0)
        days = self.case.ways["lead_days"].to_numpy(float)
        known = days[find_ways(self.case, behind.limit)].max(initial=0.0) if behind else 0.0
        if begun >= 0 or days[way] < LONG_DAYS or days[way] <= known:
            return behind
        return Cause(self._limit("lead_time", way), month, int(row["place"]))

    def _name(self, place: int) -> tuple[str, str]:
        row = self.case.places.iloc[place]
        return str(row["item"]), str(row["location"])

    def _limit(self, kind: str, way: int) -> Limit:
        row = self.case.ways.iloc[way]
        return Limit(kind, str(row["source"]), str(row["item"]), str(row["location"]))

    def _start_of(self, way: int) -> int:
        return int(self.case.ways["from_place"].iloc[way])

    def _would_pay(
        self, way: int, start: int | None, month: int, worth: float, less: float = 0.0
    ) -> bool:
        """Return whether a way costs less than what it brings is worth, if nothing were scarce.

        Args:
            less: what a unit in this month is worth less than by the plan's prices.
        """
        if start is None:
            return float(self.rents.plain[way, 0]) < worth * (1 + 1e-9)
        row = self.case.ways.iloc[way]
        on_time = start == month - int(row["lead_months"])
        share = 1 - float(row["late_share"]) if on_time else float(row["late_share"])
        brings = float(self.rents.brings[way, start]) - share * less
        return float(self.rents.plain[way, start]) < brings * (1 + 1e-9)

    def _choose_start(self, way: int, month: int) -> int | None:
        """Return the month to start in that comes nearest to paying; None: it comes too late."""
        row = self.case.ways.iloc[way]
        lead, late = int(row["lead_months"]), float(row["late_share"])
        options = [
            (round(max(float(self.rents.gap[way, start]), 0.0) / share, 6), -start)
            for start, share in ((month - lead, 1 - late), (month - lead - 1, late))
            if start >= 0 and share > 0
        ]
        return -min(options)[1] if options else None

    def _find_policy(self, place: int, month: int) -> tuple[float, Cause] | None:
        """Return what a policy takes of a unit carried into the month, and the policy.

        As long as carrying is free, the month before is as scarce as this one; the policy that
        matters stands where the worth of a unit rises by more than it costs to hold one, or where
        units are thrown away.
        """
        worth, hold = self.rents.worth[place], float(self.rents.hold[place])
        for before in range(month - 1, -2, -1):
            if self.rents.expired[place, before + 1] > 0:
                return float(worth[month]), Cause(Limit("policy", "shelf_life"), before + 1)
            if before < 0:
                return None
            rise = float(worth[before + 1] - worth[before]) - hold
            blocked = {name: float(r[place, before]) for name, r in self.rents.carry.items()}
            name = max(blocked, key=blocked.__getitem__) if blocked else ""
            stop = min(blocked.get(name, 0.0), rise)
            if stop > SCARCE_SHARE * abs(float(worth[month])):
                return stop, Cause(Limit("policy", name), before)
            if rise < -SCARCE_SHARE * abs(float(worth[month])):
                return None
        return None

    def _largest_rent(self, way: int, start: int, worth: float) -> tuple[float, Cause]:
        """Return the largest that a limit takes of a way started in a month, and its cause."""
        case, rents = self.case, self.rents
        parts: list[tuple[float, str, str]] = [
            (max(-float(rents.gap[way, start]), 0.0), self._name_bound(way, start), ""),
            (float(rents.lane[way, start]), "lane", str(case.ways["lane"].iloc[way])),
            (float(rents.fence[way, start]), "fence", ""),
        ]
        parts += [(float(r[way, start]), "policy", name) for name, r in rents.policy.items()]
        for need in np.flatnonzero(case.needs["way"].to_numpy() == way):
            resource = int(case.needs["resource"].iloc[need])
            code = str(case.resources["resource"].iloc[resource])
            parts.append((float(rents.hour[need, start]), "resource", code))
        for use in np.flatnonzero(case.uses["way"].to_numpy() == way):
            parts.append((float(rents.part[use, start]), "part", str(use)))
        rent, kind, code = max(parts, key=lambda one: one[0])
        if rent <= SCARCE_SHARE * max(worth, 1e-9):
            hurried = start == 0 and case.ways["lead_days"].iloc[way] > 0
            return rent, Cause(self._limit("lead_time" if hurried else "cost", way), start)
        if kind == "part":
            return rent, self._follow_part(way, int(code), start)
        limit = Limit(kind, code) if code else self._limit(kind, way)
        return rent, Cause(limit, start)

    def _name_bound(self, way: int, start: int) -> str:
        """Return what the bound of a way stands for: the fence, or the supplier's limit."""
        made = self.case.ways["flow_kind"].iloc[way] != "buy"
        return "fence" if made or self.case.fences.frozen[way, start] > 0 else "supplier"

    def _follow_part(self, way: int, use: int, start: int) -> Cause:
        """Return the cause of a scarce part, or of a scarce place that goods are moved from.

        Of lead times that follow each other, the longest is named.
        """
        part = int(self.case.uses["place"].iloc[use])
        behind = self.trace(part, start)
        if behind.limit.kind == "lead_time" and start == 0:
            days = self.case.ways["lead_days"].to_numpy(float)
            if days[way] > days[find_ways(self.case, behind.limit)].max(initial=0.0):
                return Cause(self._limit("lead_time", way), start)
        if self.case.ways["flow_kind"].iloc[way] == "move":
            return behind
        name = self._name(part)[0]
        rival = replace(behind.rival, material=name) if behind.rival else None
        return replace(behind, material=name, rival=rival)

    def _without_source(self, place: int, month: int) -> Cause:
        """Return no_source for the item itself, or for the part that has none."""
        item = self._name(place)[0]
        base = self.case.places["base_cost"].to_numpy(float)
        uses, place_of = self.case.uses, self.case.uses["place"].to_numpy(int)
        ways = np.flatnonzero(self.case.ways["place"].to_numpy() == place)
        for use in np.flatnonzero(np.isin(uses["way"].to_numpy(), ways)):
            part = int(place_of[use])
            if np.isfinite(base[part]) or part in self.path:
                continue
            behind = self.trace(part, month)
            if self._name(part)[0] == item:
                return behind
            return replace(behind, material=self._name(part)[0])
        return Cause(Limit("no_source", item), month)
