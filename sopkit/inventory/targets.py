"""How much stock each place should hold: safety stock from forecast error, and cycle stock."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.inventory.policy import fit_policy
from sopkit.inventory.pools import FEW_ERRORS, Pool, choose_pools
from sopkit.inventory.quantiles import (
    MOST_SHAPES,
    LateDays,
    add_lateness,
    draw_late_days,
    fill_quantile,
    measure_late_days,
    service_quantile,
    thin,
)
from sopkit.inventory.upstream import add_upstream
from sopkit.inventory.windows import name_segments, sum_errors
from sopkit.periods import DAYS_PER_MONTH
from sopkit.tables import ALL, PLACE, TABLES, fit_columns

Array = np.ndarray


def target_stock(
    demand: pd.DataFrame,
    backtest: pd.DataFrame,
    segment: pd.DataFrame,
    lead_time: pd.DataFrame,
    stock_policy: pd.DataFrame,
    periods: pd.DatetimeIndex,
    *,
    service_level: float = 0.95,
    review_days: float = 7.0,
    item: pd.DataFrame | None = None,
    receipt: pd.DataFrame | None = None,
    feeds: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the stock wanted at each month's end, from how far forecasts fell short before.

    Over the protection time tau = lead time + days between replenishments:
    safety stock = max(0, q) x forecast of the tau after the month's end, where q is a quantile of
    (sum of actual - sum of forecast) / sum of forecast over tau (`sum_errors`). Under-forecast is
    what hurts, so a forecast that always was too high asks for no safety stock.

    Service goal (alpha): q is the error that the next stays below in that share of
    replenishments, with the finite-sample rank of conformal prediction, (n + 1) x level. Fill
    goal (beta): q is such that the mean of (error - q)+ is (1 - beta) x what is used between two
    replenishments. (Safety stock from forecast error; alpha is not on-time-in-full.)

    A place's own errors count where at least 24 do not overlap; else those of its segment (abc
    and pattern) brought to its own usual error (`pools.pool_places`); else of its family; else
    all. A level that has no rank among them (95 % wants 19, 98 % 49, 99 % 99) asks the next pool
    too, and the larger answer counts. Where past lead times varied, their deviations are drawn
    with the errors. A policy's fixed quantity wins over all, its maximum over what is computed.
    Made-to-order items hold no safety stock. Cycle stock is half of what is used between
    replenishments (or half the lot, where that is more).

    Args:
        demand: `item`, `location`, `period`, `demand_qty`: the forecast that supply plans
            against, summed over customers here. Past its last month that month repeats.
        backtest: contract `backtest`.
        segment: contract `segment`.
        lead_time: `item`, `location`, `lead_time_days`, and if known `lead_time_sd_days` (how far
            lead times vary, normal) and `lot_qty` (usual or smallest lot); places without a row:
            0 days.
        stock_policy: contract `stock_policy`; `fit_policy` says which row holds.
        periods: months to give targets for.
        service_level: where no policy says: chance of no stock-out in a replenishment, 0..1.
        review_days: where no policy says: days between replenishments.
        item: contract `item`, for families; None: no pooling by family.
        receipt: `item`, `location`, `due_date`, `receipt_date` of past receipts; measured
            lateness wins over `lead_time_sd_days`.
        feeds: which place feeds which (`add_upstream`), for stock held before the last place.

    Returns:
        Contract `stock_target` for every place with demand, a fixed quantity, or others to feed.

    Example:
        24 errors of a month, 23 at 0 and one at +20 %, tau 30.4 days, 95 %, forecast 100 next
        month: rank 25 x 0.95 = 23.75, between 0 and 20 %, safety stock 15.
    """
    forecast = demand.groupby([*PLACE, "period"], as_index=False)[["demand_qty"]].sum()
    if feeds is not None and len(feeds):
        forecast, backtest, lead_time = add_upstream(forecast, backtest, lead_time, feeds)
    policy = fit_columns(stock_policy, TABLES["stock_policy"])
    places = _list_places(forecast, policy, lead_time)
    places = _describe(places, backtest, segment, lead_time, item)
    places = fit_policy(places, policy, service_level=service_level, review_days=review_days)
    places["tau_days"] = places["lead_time_days"] + places["review_days"]
    ahead = _forecast_ahead(places, forecast, periods)
    places["cycle_days"] = _find_cycle_days(places, ahead)
    places = _add_rates(places, backtest, segment, item, receipt)
    return _write_targets(places, ahead, periods)


def _list_places(
    forecast: pd.DataFrame, policy: pd.DataFrame, lead_time: pd.DataFrame
) -> pd.DataFrame:
    """Return places with demand, and those of `lead_time` whose item has a fixed quantity."""
    fixed = policy[policy["safety_stock_qty"] > 0]
    own = fixed.loc[(fixed["item"] != ALL) & (fixed["location"] != ALL), PLACE]
    pooled = set(fixed.loc[fixed["location"] == ALL, "item"])
    parts = lead_time.loc[lead_time["item"].isin(pooled), PLACE]
    given = [rows for rows in (forecast[PLACE], own, parts) if len(rows)] or [forecast[PLACE]]
    places = pd.concat(given, ignore_index=True).drop_duplicates()
    return places.sort_values(PLACE, ignore_index=True)


def _describe(
    places: pd.DataFrame,
    backtest: pd.DataFrame,
    segment: pd.DataFrame,
    lead_time: pd.DataFrame,
    item: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the places with lead time, segment, family, and whether they were forecast at 0."""
    known = lead_time.reindex(
        columns=[*PLACE, "lead_time_days", "lead_time_sd_days", "lot_qty"]
    ).fillna({"lead_time_days": 0.0, "lead_time_sd_days": 0.0, "lot_qty": 0.0})
    rows = places.merge(known, on=PLACE, how="left", validate="one_to_one").fillna(
        {"lead_time_days": 0.0, "lead_time_sd_days": 0.0, "lot_qty": 0.0}
    )
    told = segment[[*PLACE, "abc", "pattern", "strategy"]]
    rows = rows.merge(told, on=PLACE, how="left", validate="one_to_one")
    said = backtest.groupby(PLACE)["forecast_qty"].max()
    most = said.reindex(pd.MultiIndex.from_frame(rows[PLACE])).to_numpy(float)
    return rows.assign(
        segment=name_segments(rows, segment),
        family=_name_families(rows, item),
        forecast_zero=most <= 0,
    )


def _name_families(rows: pd.DataFrame, item: pd.DataFrame | None) -> pd.Series:
    """Return each row's family; items without one share a blank name."""
    if item is None:
        return pd.Series("", index=rows.index)
    families = dict(zip(item["item"], item["family"], strict=True))
    return rows["item"].map(families).fillna("").astype(object)


def _forecast_ahead(
    places: pd.DataFrame, forecast: pd.DataFrame, periods: pd.DatetimeIndex
) -> Array:
    """Return the forecast of the tau after each month's end (places x periods).

    A part of a month counts by its share. Past the last forecast month that month repeats.
    """
    wide = forecast.pivot_table(index=PLACE, columns="period", values="demand_qty", aggfunc="sum")
    tau = places["tau_days"].to_numpy(float) / DAYS_PER_MONTH
    longest = max(int(np.ceil(tau.max())), 1) if len(tau) else 1
    months = pd.date_range(periods[0], periods=len(periods) + longest + 1, freq="MS")
    rows = pd.MultiIndex.from_frame(places[PLACE])
    known = wide.reindex(index=rows, columns=months[months <= forecast["period"].max()])
    qty = known.fillna(0.0).reindex(columns=months).ffill(axis=1).fillna(0.0).to_numpy(float)
    ahead = np.zeros((len(places), len(periods)))
    for step in range(1, longest + 1):
        part = np.clip(tau - (step - 1), 0.0, 1.0)
        ahead += qty[:, step : step + len(periods)] * part[:, None]
    return ahead


def _find_cycle_days(places: pd.DataFrame, ahead: Array) -> Array:
    """Return days between replenishments: the review's, or a lot's where that lasts longer."""
    tau = np.maximum(places["tau_days"].to_numpy(float), 1e-9)
    a_day = ahead.mean(axis=1) / tau if ahead.size else np.zeros(len(places))
    lot = places["lot_qty"].to_numpy(float)
    lasts = np.divide(lot, a_day, out=np.zeros(len(places)), where=a_day > 1e-9)
    return np.maximum(places["review_days"].to_numpy(float), lasts)


def _add_rates(
    places: pd.DataFrame,
    backtest: pd.DataFrame,
    segment: pd.DataFrame,
    item: pd.DataFrame | None,
    receipt: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the places with `error_rate` (the quantile, at least 0), its count and `basis`."""
    late = measure_late_days(receipt) if receipt is not None else {}
    found = places.assign(error_rate=0.0, error_count=0, basis="none")
    for _, rows in places.groupby("tau_days", sort=True):
        months = places.loc[rows.index[0], "tau_days"] / DAYS_PER_MONTH
        rates = sum_errors(backtest, months, segment=segment)
        rates = rates.assign(
            segment=name_segments(rates, segment), family=_name_families(rates, item)
        )
        pools = choose_pools(rates, rows, _count_enough(rows))
        records = zip(rows.to_dict("records"), pools, strict=True)
        told = [_rate_place(row, asked, late) for row, asked in records]
        columns = ["error_rate", "error_count", "basis"]
        found.loc[rows.index, columns] = pd.DataFrame(told, columns=columns, index=rows.index)
    return found


def _count_enough(rows: pd.DataFrame) -> Array:
    """Return from how many errors each place's level has a rank among them: level / (1 - level)."""
    level = rows["goal_rate"].where(rows["goal"] == "service", 0.0).clip(upper=0.999)
    return np.maximum(FEW_ERRORS, np.ceil((level / (1 - level)).to_numpy(float) - 1e-9))


def _rate_place(row: dict, asked: list[tuple[Pool, str]], late: LateDays) -> tuple[float, int, str]:
    """Return safety stock / forecast of the protection time, how many errors say so, and whose.

    Of several pools the one that wants most decides.
    """
    if not asked or row["tau_days"] <= 0:
        return 0.0, 0, "none"
    days = late.get((row["item"], row["location"]), late.get(row["location"], late.get(None)))
    if days is None:
        days = draw_late_days(row["lead_time_sd_days"])
    days = np.maximum(days, -row["lead_time_days"])
    told = [(_ask_pool(row, pool, days), len(pool.shapes), basis) for pool, basis in asked]
    return max(told, key=lambda one: one[0])


def _ask_pool(row: dict, pool: Pool, late_days: Array) -> float:
    """Return safety stock / forecast of the protection time by one pool's errors, at least 0."""
    mean, spread = pool.errors_of((row["item"], row["location"]))
    repeats = len(late_days)
    shapes = thin(pool.shapes, MOST_SHAPES) if repeats > 1 else pool.shapes
    errors = mean + spread * shapes
    if late_days.any():
        errors = add_lateness(errors, float(errors.mean()), late_days, row["tau_days"])
    elif repeats > 1:
        repeats = 1
    if row["goal"] == "fill":
        missed = (1 - min(row["goal_rate"], 1.0)) * row["cycle_days"] / row["tau_days"]
        return max(fill_quantile(errors, missed, repeats), 0.0)
    return max(service_quantile(errors, row["goal_rate"], repeats), 0.0)


def _write_targets(places: pd.DataFrame, ahead: Array, periods: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the contract `stock_target`."""
    months = len(periods)
    fixed = places["safety_stock_qty"].to_numpy(float)
    to_order = (places["strategy"] == "MTO").to_numpy()
    most = places["max_qty"].fillna(np.inf).to_numpy(float)[:, None]
    rate = np.where(to_order, 0.0, places["error_rate"].to_numpy(float))
    computed = np.minimum(rate[:, None] * ahead, most)
    safety = np.where(np.isnan(fixed)[:, None], computed, fixed[:, None])
    tau = np.maximum(places["tau_days"].to_numpy(float), 1e-9)
    cycle = ahead / tau[:, None] * places["cycle_days"].to_numpy(float)[:, None] / 2
    basis = places["basis"].mask(to_order, "to_order").mask(~np.isnan(fixed), "policy")
    told = places.assign(
        basis=basis, error_rate=rate, protection_months=(tau / DAYS_PER_MONTH).round(4)
    )
    kept = [*PLACE, "protection_months", "basis", "goal", "goal_rate", "error_rate", "error_count"]
    rows = told.loc[told.index.repeat(months), kept].reset_index(drop=True)
    rows = rows.assign(
        period=np.tile(periods.to_numpy(), len(places)),
        safety_stock_qty=safety.ravel().round(6),
        cycle_stock_qty=cycle.ravel().round(6),
        error_rate=rows["error_rate"].round(6),
    )
    return fit_columns(rows, TABLES["stock_target"])
