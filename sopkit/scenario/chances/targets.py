"""Rate all targets of a cycle: one draw of everything, a simulation for each level."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sopkit.demand import Correlation
from sopkit.scenario.chances.draws import draw_noise, draw_widths, widen_noise
from sopkit.scenario.chances.network import Net
from sopkit.scenario.chances.rate import Level, draw_months, open_level, rate_demand
from sopkit.scenario.chances.serve import (
    Setting,
    find_rates,
    find_remedy,
    rate_months,
    serve_level,
)
from sopkit.scenario.chances.unsure import Unsure, draw_luck
from sopkit.scenario.chances.want import build_want, join_wants
from sopkit.tables import PLACE

LEVEL = ["family", "location", "customer", "unit"]
SEED = 20260101
DEMAND_RATES = [
    "expected_value",
    "done_value",
    "price_value",
    "lo_80_value",
    "hi_80_value",
    "low_value",
    "base_value",
    "high_value",
    "demand_chance_rate",
    "low_chance_rate",
    "why_blank",
]
SUPPLY_RATES = [
    "supply_chance_rate",
    "served_rate",
    "at_risk_value",
    "at_risk_p50_value",
    "at_risk_p90_value",
    "at_risk_margin_value",
    "at_risk_margin_p50_value",
    "at_risk_margin_p90_value",
]
DEMAND_DRAWS = 5


def rate_targets(
    bands: pd.DataFrame,
    cells: pd.DataFrame,
    actual: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame,
    periods: pd.DatetimeIndex,
    correlation: Correlation,
    *,
    net: Net | None,
    net_demand: pd.DataFrame,
    unsure: Unsure,
    serve_rate: float = 0.95,
    draws: int = 200,
    seed: int = SEED,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every band with both chances, money at risk and the last day to decide.

    Args:
        bands: what `consensus.sum_bands` returned.
        cells: what `complete_cells` returned: months ahead.
        actual: months behind: `item`, `location`, `customer`, `period`, `plan_qty` (what came),
            `revenue_value`.
        item, customer: contracts.
        periods: planned months shown.
        correlation: what `demand.measure_correlation` returned; the fewer cutoffs it rests on, the
            less sure is what supply serves.
        net: what `build_net` returned; None: no plan, so no chance of supply.
        net_demand: contract `net_demand` that the plan answers.
        unsure: what `measure_unsure` returned.
        serve_rate: share of demand that supply must serve.
        draws: simulated futures; five times as many for demand alone, which is quick.
        seed: of the draws.

    Returns:
        The bands with the columns of contract `target_band`, without `reached_value` and
        triggers; past targets have neither chance. And its months: `family`, `location`,
        `customer`, `period`, `low`, `high`, `amount` (what came, or is expected), in the target's
        unit, as `consensus.fire_triggers` takes them.
    """
    places = net.case.places[PLACE] if net is not None else _list_places(cells)
    keys = bands[LEVEL].drop_duplicates(ignore_index=True)
    given = (cells, actual, item, customer, places, periods)
    levels = [open_level(key, *given) for key in keys.to_dict("records")]
    at = keys.reset_index().merge(bands[LEVEL], on=LEVEL, how="right", validate="one_to_many")
    level_of = at["index"].to_numpy(int)
    drawn = _draw_levels(levels, DEMAND_DRAWS * draws, correlation, seed + 1)
    rated = rate_demand(bands, levels, level_of, drawn, periods)
    rated = rated.reindex(columns=[*bands.columns, *DEMAND_RATES])
    told: list[dict[str, Any]] = [{} for _ in range(len(rated))]
    if net is not None and (rated["why_blank"] == "").any():
        setting = _open_setting(net, net_demand, cells, unsure, correlation, draws, seed)
        parts = [rated.iloc[np.flatnonzero(level_of == n)] for n in range(len(levels))]
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = zip(levels, parts, strict=True)
            done = pool.map(
                lambda job: _rate_level(setting, job[0], job[1], periods, serve_rate), jobs
            )
            for row, found in (one for rows in done for one in rows):
                told[row] = found
    by_month = _to_months(rated, levels, level_of, periods)
    return _join_supply(rated, told), by_month


def _draw_levels(
    levels: list[Level], draws: int, correlation: Correlation, seed: int
) -> list[np.ndarray]:
    """Return draws of each level by month; levels of one place share its noise."""
    if not levels:
        return []
    used = np.unique(np.concatenate([level.spread.place for level in levels]))
    noise = draw_noise(len(used), levels[0].spread.middle.shape[1], draws, correlation, seed)
    spreads = [
        replace(level.spread, place=np.searchsorted(used, level.spread.place)) for level in levels
    ]
    return [draw_months(spread, noise) for spread in spreads]


def _open_setting(
    net: Net,
    net_demand: pd.DataFrame,
    cells: pd.DataFrame,
    unsure: Unsure,
    correlation: Correlation,
    draws: int,
    seed: int,
) -> Setting:
    """Return what the simulation of every level shares: the draws, and demand as planned.

    Ranges are drawn too, as well as their record tells them: an end that is wrong is so for every
    item and month at once, which no sum evens out, and what is lost above it comes only from there.
    """
    places, months = len(net.case.places), len(net.case.periods)
    shape = (int(net.make_row.max(initial=0)) + 1, len(net.case.resources))
    suppliers = int(net.supplier.max(initial=0)) + 1
    rows = join_wants(net.case, net_demand, cells)
    planned = build_want(rows, np.zeros(len(cells), dtype=bool), np.ones(months))
    noise = draw_noise(places, months, draws, correlation, seed)
    sold = np.unique(planned.place)
    widths = draw_widths(len(sold), months, draws, correlation, seed)
    noise[sold] = widen_noise(noise[sold], widths)
    return Setting(
        net=net,
        rows=rows,
        planned=planned,
        noise=noise,
        luck=draw_luck(unsure, *shape, suppliers, months, draws, seed),
        correlation=correlation,
    )


def _join_supply(rated: pd.DataFrame, told: list[dict[str, Any]]) -> pd.DataFrame:
    columns = [*SUPPLY_RATES, "remedy", "risk_period", "decide_date"]
    supply = pd.DataFrame(told, index=rated.index).reindex(columns=columns)
    for name in ("risk_period", "decide_date"):
        supply[name] = pd.to_datetime(supply[name])
    supply["remedy"] = supply["remedy"].astype(object)
    return rated.join(supply)


def _to_months(
    bands: pd.DataFrame, levels: list[Level], level_of: np.ndarray, periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return single targets by month beside what came or is expected; spans in equal parts."""
    single = bands[bands["grain"] == "single"]
    span = single["span_months"].astype(int)
    rows = single.loc[single.index.repeat(span)]
    step = rows.groupby(level=0).cumcount().to_numpy()
    months = (rows["period"].dt.to_period("M") + step).dt.to_timestamp()
    known = pd.concat(
        [
            pd.concat([level.actual, pd.Series(level.spread.middle.sum(axis=0), periods)])
            .rename_axis("period")
            .rename("amount")
            .reset_index()
            .assign(level=number)
            for number, level in enumerate(levels)
        ]
        or [pd.DataFrame(columns=["period", "amount", "level"])]
    )
    parts = rows[["family", "location", "customer"]].assign(
        level=level_of[rows.index],
        period=months,
        low=rows["low"] / rows["span_months"],
        high=rows["high"] / rows["span_months"],
    )
    known = known.astype({"period": "datetime64[ns]", "level": "int64"})
    joined = parts.merge(known, on=["level", "period"], how="inner", validate="many_to_one")
    names = ["family", "location", "customer", "period", "low", "high", "amount"]
    return joined[names].sort_values(names[:4], kind="stable", ignore_index=True)


def _list_places(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[PLACE].drop_duplicates().sort_values(PLACE, ignore_index=True)


def _rate_level(
    setting: Setting,
    level: Level,
    bands: pd.DataFrame,
    periods: pd.DatetimeIndex,
    serve_rate: float,
) -> list[tuple[int, dict[str, Any]]]:
    """Return what supply does for each open band of a level, by row number."""
    rate, covered = find_rates(bands, level, periods)
    if not covered.any():
        return []
    served = serve_level(setting, level, rate, covered)
    remedy = find_remedy(setting, served, level, serve_rate)
    found = []
    opened = bands[bands["why_blank"] == ""]
    for row, band in zip(opened.index, opened.to_dict("records"), strict=True):
        span = (periods >= band["first_period"]) & (periods <= band["last_period"])
        at = np.flatnonzero(span & covered)
        if len(at):
            own = rate_months(served.outcome, at, serve_rate)
            found.append((int(row), own | _place_remedy(remedy, band)))
    return found


def _place_remedy(remedy: dict[str, Any], band: dict[Any, Any]) -> dict[str, Any]:
    """Return the remedy where its month lies in the band; nothing elsewhere."""
    month = remedy["risk_period"]
    inside = pd.notna(month) and band["first_period"] <= month <= band["last_period"]
    return remedy if inside else {"remedy": "", "risk_period": pd.NaT, "decide_date": pd.NaT}
