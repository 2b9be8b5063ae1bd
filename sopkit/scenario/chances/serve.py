"""The chance that supply serves a target, what is at risk, and until when it can be helped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sopkit.demand import Correlation
from sopkit.scenario.chances.network import Net
from sopkit.scenario.chances.rate import Level
from sopkit.scenario.chances.roll import Outcome, roll_plan
from sopkit.scenario.chances.unsure import Luck
from sopkit.scenario.chances.want import Want, build_want, raise_levels

Array = np.ndarray
RISK_SHARE = 0.01
SURE_RATE = 0.99
HELPS_RATE = 0.01
SHIFT_DAYS, SHIFT_SHARE = 30.0, 0.20
AHEAD_SHARE = 0.25
NO_REMEDY = "none"


@dataclass(frozen=True)
class Setting:
    """What the simulation of every level shares.

    Args:
        net: the plan's network.
        rows: what `join_wants` returned; planned: the same as the plan answers it.
        noise, luck: the draws; correlation: of demand errors.
    """

    net: Net
    rows: pd.DataFrame
    planned: Want
    noise: Array
    luck: Luck
    correlation: Correlation


@dataclass(frozen=True)
class Served:
    """A level's outcome at its target, with what was simulated (to ask again with a remedy)."""

    outcome: Outcome
    want: Want
    level: Array
    drawn: Array
    months: Array


def find_rates(bands: pd.DataFrame, level: Level, periods: pd.DatetimeIndex) -> tuple[Array, Array]:
    """Return by month target / forecast of a level, and which months a target covers.

    A target over several months asks the same of each month to go. Where targets overlap, the
    shorter one says what its month should be.

    Example:
        Forecast 100 and 100, target 210 for both: 1.05 and 1.05.
    """
    rate, covered = np.ones(len(periods)), np.zeros(len(periods), dtype=bool)
    forecast = level.spread.middle.sum(axis=0)
    rows = bands[(bands["grain"] == "single") & (bands["why_blank"] == "")]
    for band in rows.sort_values("span_months", ascending=False, kind="stable").to_dict("records"):
        months = pd.date_range(band["first_period"], band["last_period"], freq="MS")
        at = periods.get_indexer(months[months >= periods[0]])
        done = float(level.actual.reindex(months[months < periods[0]]).sum())
        expected = forecast[at].sum()
        if expected > 0:
            rate[at] = max(band["base"] - done, 0.0) / expected
            covered[at] = True
    return rate, covered


def serve_level(setting: Setting, level: Level, rate: Array, covered: Array) -> Served:
    """Return what supply does when the level's demand comes around its target."""
    net = setting.net
    asked = np.ones(len(net.case.periods))
    asked[: len(rate)] = rate
    want = build_want(setting.rows, level.cells.to_numpy(bool), asked)
    goal, drawn = raise_levels(net, setting.planned, want)
    months = np.flatnonzero(covered)
    outcome = roll_plan(
        net,
        want,
        goal,
        drawn,
        setting.noise,
        setting.luck,
        setting.correlation,
        int(months.max()) + 1,
    )
    return Served(outcome, want, goal, drawn, months)


def rate_months(outcome: Outcome, at: Array, serve_rate: float) -> dict[str, float]:
    """Return chance, share and money at risk over some months.

    Example:
        Two draws serve 100 % and 90 % of the demand; asked 95 %: chance 0.5.
    """
    wanted, lost = outcome.wanted[at].sum(axis=0), outcome.lost[at].sum(axis=0)
    served = 1 - lost / np.maximum(wanted, 1e-9)
    money = {"at_risk": outcome.lost_value[at].sum(axis=0)}
    money["at_risk_margin"] = outcome.lost_margin[at].sum(axis=0)
    found = {
        "supply_chance_rate": float((served >= serve_rate).mean()),
        "served_rate": float(served.mean()),
    }
    for name, values in money.items():
        found[f"{name}_value"] = float(values.mean())
        found[f"{name}_p50_value"] = float(np.quantile(values, 0.5))
        found[f"{name}_p90_value"] = float(np.quantile(values, 0.9))
    return found


def find_remedy(
    setting: Setting, served: Served, level: Level, serve_rate: float, draws: int = 60
) -> dict[str, Any]:
    """Return the remedy that may be decided last, of those that raise the chance.

    Hours: a fifth more on what ran out of hours, 30 days ahead. Goods ahead: a quarter of a
    month more in stock, ahead by the longest making and moving lead time or frozen days. Parts
    ahead: the same of what is bought, ahead by the longest supplier's lead time. Each is asked
    of the simulation from the month it can reach; it counts where it raises the chance by a
    point or more.

    Returns:
        `remedy`, `risk_period` (first month with over 1 % unserved), `decide_date`.
    """
    net, outcome = setting.net, served.outcome
    base = rate_months(outcome, served.months, serve_rate)
    lost = outcome.lost.mean(axis=1) / np.maximum(outcome.wanted.mean(axis=1), 1e-9)
    risky = [int(month) for month in served.months if lost[month] > RISK_SHARE]
    blank = {"remedy": "", "risk_period": pd.NaT, "decide_date": pd.NaT}
    if base["supply_chance_rate"] >= SURE_RATE or not risky:
        return blank
    first = net.case.periods[risky[0]]
    few = _take(setting, draws)
    before = rate_months(_again(few, served), served.months, serve_rate)["supply_chance_rate"]
    for name, days, change in _list_remedies(net, served):
        day = max(first - pd.Timedelta(days=int(np.ceil(days))), net.case.periods[0])
        start = max(day + pd.Timedelta(days=int(np.ceil(days))), net.case.periods[0])
        month = int(net.case.periods.searchsorted(start))
        if month > served.months.max():
            continue
        eased, goal = change(month)
        after = _again(replace(few, net=eased), replace(served, level=goal))
        chance = rate_months(after, served.months, serve_rate)["supply_chance_rate"]
        if chance >= before + HELPS_RATE:
            return {"remedy": name, "risk_period": first, "decide_date": day}
    return blank | {"remedy": NO_REMEDY, "risk_period": first}


def _take(setting: Setting, draws: int) -> Setting:
    luck = setting.luck
    few = Luck(luck.good[:, :, :draws], luck.hours[:, :, :draws], luck.late[:, :, :draws])
    return replace(setting, noise=setting.noise[:, :, :draws], luck=few)


def _again(setting: Setting, served: Served) -> Outcome:
    return roll_plan(
        setting.net,
        served.want,
        served.level,
        served.drawn,
        setting.noise,
        setting.luck,
        setting.correlation,
        int(served.months.max()) + 1,
    )


Change = Callable[[int], tuple[Net, Array]]


def _list_remedies(net: Net, served: Served) -> list[tuple[str, float, Change]]:
    """Return remedies with the days each takes, fewest days first."""
    ways = net.case.ways
    kind, lead = ways["flow_kind"].to_numpy(), ways["lead_days"].to_numpy(float)
    frozen = net.frozen * 30.4
    touched = np.asarray(served.drawn.any(axis=1))
    touched[served.want.place[served.want.share.any(axis=1)]] = True
    own = touched[ways["place"].to_numpy(int)]

    def longest(name: str) -> float:
        days = np.maximum(lead, frozen)[own & (kind == name)]
        return float(days.max()) if len(days) else 0.0

    found: list[tuple[str, float, Change]] = []
    short = served.outcome.hours_cut.sum(axis=1) > 0
    if short.any():
        found.append(("hours", SHIFT_DAYS, lambda month: _more_hours(net, served, short, month)))
    direct = np.zeros(len(net.case.places), dtype=bool)
    direct[served.want.place[served.want.share.any(axis=1)]] = True
    bought = np.zeros(len(net.case.places), dtype=bool)
    bought[ways["place"].to_numpy(int)[own & (kind == "buy")]] = True
    goods = longest("make") + longest("move")
    found.append(("goods_ahead", goods, lambda month: _more_stock(net, served, direct, month)))
    if bought.any():
        parts = longest("buy")
        found.append(("parts_ahead", parts, lambda month: _more_stock(net, served, bought, month)))
    return sorted(found, key=lambda one: one[1])


def _more_hours(net: Net, served: Served, short: Array, month: int) -> tuple[Net, Array]:
    hours = net.case.overtime_hours.copy()
    rows = np.flatnonzero(short)
    hours[rows, month:] += SHIFT_SHARE * net.case.regular_hours[rows, month:]
    return replace(net, case=replace(net.case, overtime_hours=hours)), served.level


def _more_stock(net: Net, served: Served, places: Array, month: int) -> tuple[Net, Array]:
    """Return levels raised by a share of a month, ordered so that it is there in the month."""
    used = served.drawn.copy()
    np.add.at(used, served.want.place, served.want.middle)
    more = AHEAD_SHARE * used.mean(axis=1) * places
    start = max(month - 1, 0)
    level = served.level.copy()
    level[:, start:] += more[:, None]
    return net, level
