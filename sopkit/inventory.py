"""Stock: how much is wanted, how much there is, how it rolls forward, and what is too much."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.tables import ALL, PLACE, TABLES, check_covers, fit_columns

FEW_ERRORS = 24


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
) -> pd.DataFrame:
    """Return the stock wanted at each month's end, from how far forecasts fell short before.

    Over the protection time tau = lead time + time between replenishments:
    safety stock = max(0, q) x forecast of the tau after the month's end, where q is the
    service-level quantile of (actual - forecast) / forecast. Under-forecast is what hurts, so a
    forecast that always was too high asks for no safety stock. Below a month the error of a
    month is scaled by the square root of tau; above, errors are summed over as many whole months
    (formula and source: safety stock from forecast error; alpha is the chance of no stock-out in
    a replenishment). Where an item-location has fewer than 24 errors, those of its segment (abc
    and pattern) count. A policy's fixed quantity wins. Made-to-order items hold no safety stock.
    Cycle stock is half of what is used between replenishments.

    Args:
        demand: `item`, `location`, `period`, `demand_qty`: the forecast that supply plans
            against, summed over customers here.
        backtest: contract `backtest`.
        segment: contract `segment`.
        lead_time: `item`, `location`, `lead_time_days`; places without a row: 0 days.
        stock_policy: contract `stock_policy`; a row for one item wins over a row for all.
        periods: months to give targets for.
        service_level: where no policy says: chance of no stock-out in a replenishment, 0..1.
        review_days: where no policy says: days between replenishments.

    Returns:
        Contract `stock_target` for every place with demand or a fixed quantity.

    Example:
        Month's errors 0, +10 % and +20 % (median +10 %), tau 30.4 days, service level 0.5,
        forecast 100 next month: safety stock 10.
    """
    forecast = demand.groupby([*PLACE, "period"], as_index=False)[["demand_qty"]].sum()
    places = _list_places(forecast, stock_policy, lead_time)
    policy = _fit_policy(places, stock_policy, service_level, review_days)
    policy = policy.merge(lead_time[[*PLACE, "lead_time_days"]], on=PLACE, how="left")
    policy = policy.merge(segment[[*PLACE, "abc", "pattern", "strategy"]], on=PLACE, how="left")
    policy["tau_months"] = (
        policy["lead_time_days"].fillna(0.0) + policy["review_days"]
    ) / DAYS_PER_MONTH
    policy = _add_quantiles(policy, backtest)
    ahead = _forecast_ahead(policy, forecast, periods)
    return _write_targets(policy, ahead, periods)


def _list_places(
    forecast: pd.DataFrame, stock_policy: pd.DataFrame, lead_time: pd.DataFrame
) -> pd.DataFrame:
    """Return places with demand, and those of `lead_time` whose item has a fixed quantity."""
    fixed = stock_policy[stock_policy["safety_stock_qty"].astype(float) > 0]
    own = fixed.loc[(fixed["item"] != ALL) & (fixed["location"] != ALL), PLACE]
    pooled = set(fixed.loc[fixed["location"] == ALL, "item"])
    parts = lead_time.loc[lead_time["item"].isin(pooled), PLACE]
    places = pd.concat([forecast[PLACE], own, parts], ignore_index=True).drop_duplicates()
    return places.sort_values(PLACE, ignore_index=True)


def _fit_policy(
    places: pd.DataFrame, stock_policy: pd.DataFrame, service_level: float, review_days: float
) -> pd.DataFrame:
    """Return each place's service level, review days and fixed quantity, the closest row first."""
    columns = ["service_level_rate", "review_days", "safety_stock_qty"]
    found = places.copy()
    found[columns] = np.nan
    for item, location in ((None, None), (None, ALL), (ALL, None), (ALL, ALL)):
        rows = stock_policy
        rows = rows[(rows["item"] == ALL) == (item == ALL)]
        rows = rows[(rows["location"] == ALL) == (location == ALL)]
        on = [name for name, wide in zip(PLACE, (item, location), strict=True) if wide is None]
        values = rows[[*on, *columns]]
        if values.empty:
            continue
        if on:
            matched = places.merge(values, on=on, how="left", validate="many_to_one")[columns]
        else:
            matched = values[columns].iloc[[0] * len(places)].reset_index(drop=True)
        found[columns] = found[columns].fillna(matched.astype(float))
    defaults = {"service_level_rate": service_level, "review_days": review_days}
    return found.fillna(defaults)


def _add_quantiles(policy: pd.DataFrame, backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the policy with `error_rate` (the quantile) and where it comes from (`basis`)."""
    whole = np.maximum(np.ceil(policy["tau_months"] - 1e-9), 1).astype(int)
    parts = []
    for months, rows in policy.groupby(whole, sort=True):
        errors = sum_errors(backtest, int(str(months)))
        parts.append(_pick_quantiles(rows, errors))
    if not parts:
        return policy.assign(error_rate=0.0, basis="error")
    return pd.concat(parts).sort_index()


def sum_errors(backtest: pd.DataFrame, months: int) -> pd.DataFrame:
    """Return forecast errors summed over so many months in a row, relative to the forecast.

    Args:
        backtest: contract `backtest`.
        months: how many months in a row; windows start at the first three lags.

    Returns:
        `item`, `location`, `error_rate` = (sum of actual - sum of forecast) / sum of forecast;
        plus: more came than was forecast. Windows without forecast are left out.
    """
    rows = backtest.sort_values([*PLACE, "cutoff", "lag"], kind="stable")
    groups = rows.groupby([*PLACE, "cutoff"], sort=False)[["actual_qty", "forecast_qty"]]
    sums = groups.rolling(months).sum().reset_index(drop=True)
    starts = rows["lag"].to_numpy() - (months - 1)
    keep = (starts >= 0) & (starts <= 2) & (sums["forecast_qty"] > 0).to_numpy()
    error = (sums["actual_qty"] - sums["forecast_qty"]) / sums["forecast_qty"]
    return rows[PLACE].reset_index(drop=True).assign(error_rate=error)[keep].reset_index(drop=True)


def _pick_quantiles(policy: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Return each place's quantile: of its own errors, else of its segment's, else of all."""
    pooled = errors.merge(policy[[*PLACE, "abc", "pattern"]], on=PLACE, how="inner")
    own = {key: rows.to_numpy() for key, rows in errors.groupby(PLACE)["error_rate"]}
    kin = {key: rows.to_numpy() for key, rows in pooled.groupby(["abc", "pattern"])["error_rate"]}
    every = errors["error_rate"].to_numpy()
    rates, bases = [], []
    for row in policy.to_dict("records"):
        mine = own.get((row["item"], row["location"]), np.array([]))
        like = kin.get((row["abc"], row["pattern"]), np.array([]))
        chosen = mine if len(mine) >= FEW_ERRORS else like if len(like) >= FEW_ERRORS else every
        level = min(float(row["service_level_rate"]), 1.0)
        rates.append(float(np.quantile(chosen, level)) if len(chosen) else 0.0)
        bases.append("error" if chosen is mine and len(mine) else "segment_error")
    return policy.assign(error_rate=np.maximum(rates, 0.0), basis=bases)


def _forecast_ahead(
    policy: pd.DataFrame, forecast: pd.DataFrame, periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return the forecast of the tau months after each month's end (places x periods).

    Below a month: next month's forecast x the square root of tau. Past the last forecast month
    that month repeats.
    """
    wide = forecast.pivot_table(index=PLACE, columns="period", values="demand_qty", aggfunc="sum")
    longest = int(np.ceil(policy["tau_months"].max())) if len(policy) else 1
    months = pd.date_range(periods[0], periods=len(periods) + longest + 1, freq="MS")
    rows = pd.MultiIndex.from_frame(policy[PLACE])
    known = wide.reindex(index=rows, columns=months[months <= forecast["period"].max()])
    qty = known.fillna(0.0).reindex(columns=months).ffill(axis=1).fillna(0.0).to_numpy(float)
    tau = policy["tau_months"].to_numpy(float)
    ahead = np.zeros((len(policy), len(periods)))
    for step in range(1, longest + 1):
        weight = np.clip(tau - (step - 1), 0.0, 1.0)
        weight = np.where(tau < 1, np.sqrt(tau) * (step == 1), weight)
        ahead += qty[:, step : step + len(periods)] * weight[:, None]
    return pd.DataFrame(ahead, columns=periods)


def _write_targets(
    policy: pd.DataFrame, ahead: pd.DataFrame, periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return the contract `stock_target`."""
    months = len(periods)
    qty = ahead[periods].to_numpy(float)
    fixed = policy["safety_stock_qty"].to_numpy(float)[:, None]
    to_order = (policy["strategy"] == "MTO").to_numpy()[:, None]
    computed = np.where(to_order, 0.0, policy["error_rate"].to_numpy(float)[:, None] * qty)
    safety = np.where(np.isnan(fixed), computed, fixed)
    tau = policy["tau_months"].to_numpy(float)[:, None]
    a_month = qty / np.where(tau < 1, np.sqrt(np.maximum(tau, 1e-9)), tau)
    cycle = a_month * policy["review_days"].to_numpy(float)[:, None] / DAYS_PER_MONTH / 2
    basis = policy["basis"].where(policy["safety_stock_qty"].isna(), "policy")
    rows = policy.loc[policy.index.repeat(months), PLACE].reset_index(drop=True)
    rows = rows.assign(
        period=np.tile(periods.to_numpy(), len(policy)),
        safety_stock_qty=safety.ravel().round(6),
        cycle_stock_qty=cycle.ravel().round(6),
        protection_months=np.repeat(policy["tau_months"].to_numpy(float), months).round(4),
        basis=np.repeat(basis.to_numpy(), months),
    )
    return fit_columns(rows, TABLES["stock_target"])


def project_inventory(opening: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Roll net stock forward: net = opening + supply - demand, month after month.

    Args:
        opening: one row per (item, location); `on_hand_qty` [units].
        plan: one row per (item, location, period), no month missing; `supply_qty` and
            `demand_qty` [units per month].

    Returns:
        The rows of `plan` sorted by key, with `net_stock_qty` [units]: closing stock less
        backlog; nothing is clipped, nothing is lost.

    Raises:
        InputError: an item-location in `plan` has no opening stock.

    Example:
        Stock 10, supply 0 then 20, demand 15 then 5: net stock is -5, then 10.
    """
    check_covers(plan, opening, on=PLACE, what="opening stock")
    plan = plan.sort_values([*PLACE, "period"], ignore_index=True)
    start = plan.merge(opening, on=PLACE, how="left", validate="many_to_one")["on_hand_qty"]
    net = plan["supply_qty"] - plan["demand_qty"]
    running = net.groupby([plan["item"], plan["location"]]).cumsum()
    return plan.assign(net_stock_qty=start + running)


def compare_stock(
    stock: pd.DataFrame,
    plan: pd.DataFrame,
    target: pd.DataFrame,
    unit_cost: pd.DataFrame,
    *,
    cover_months: float = 3.0,
) -> pd.DataFrame:
    """Return today's stock against what is wanted: too little, too much, in units and money.

    Excess = stock above safety + cycle stock + the use of the next `cover_months` months. Below
    target = safety stock less stock. Days of supply = days until stock alone is used up by the
    plan's use ahead (demand, parts used, moved out); blank where it is not used up.

    Args:
        stock: `item`, `location`, `on_hand_qty`; batches are summed; places of `target` without
            stock count with 0.
        plan: contract `constrained_plan`; its use ahead.
        target: contract `stock_target`; its first month counts.
        unit_cost: `item`, `location`, `unit_cost_value`; one row per place.

    Returns:
        `item`, `location`, `on_hand_qty`, `on_hand_value`, `wanted_qty` (safety stock),
        `below_qty`, `below_value`, `excess_qty`, `excess_value`, `cover_days`, sorted by key.

    Example:
        Stock 100, safety 10, cycle 5, use 20 a month, 3 months: 100 - 15 - 60 = 25 too much.
    """
    on_hand = stock.groupby(PLACE, as_index=False)["on_hand_qty"].sum()
    first = target[target["period"] == target["period"].min()]
    wanted = first[[*PLACE, "safety_stock_qty", "cycle_stock_qty"]]
    rows = on_hand.merge(wanted, on=PLACE, how="outer", validate="one_to_one")
    rows = rows.merge(unit_cost, on=PLACE, how="left", validate="one_to_one")
    numbers = ["on_hand_qty", "safety_stock_qty", "cycle_stock_qty", "unit_cost_value"]
    rows[numbers] = rows[numbers].fillna(0.0)
    use = _use_ahead(plan, rows)
    cover = _use_of(use, cover_months)
    enough = rows["safety_stock_qty"] + rows["cycle_stock_qty"] + cover
    below = (rows["safety_stock_qty"] - rows["on_hand_qty"]).clip(lower=0)
    excess = (rows["on_hand_qty"] - enough).clip(lower=0)
    rows = rows.assign(
        on_hand_value=rows["on_hand_qty"] * rows["unit_cost_value"],
        wanted_qty=rows["safety_stock_qty"],
        below_qty=below,
        below_value=below * rows["unit_cost_value"],
        excess_qty=excess,
        excess_value=excess * rows["unit_cost_value"],
        cover_days=_days_until_used(rows["on_hand_qty"].to_numpy(float), use),
    )
    columns = ["on_hand_qty", "on_hand_value", "wanted_qty", "below_qty", "below_value"]
    columns += ["excess_qty", "excess_value", "cover_days"]
    return rows[[*PLACE, *columns]].sort_values(PLACE, ignore_index=True)


def _use_ahead(plan: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Return what each place gives up month by month (rows x months)."""
    used = plan.assign(use_qty=plan["demand_qty"] + plan["used_qty"] + plan["move_out_qty"])
    wide = used.pivot_table(index=PLACE, columns="period", values="use_qty", aggfunc="sum")
    keys = pd.MultiIndex.from_frame(rows[PLACE])
    return wide.reindex(keys).fillna(0.0).to_numpy(float)


def _use_of(use: np.ndarray, months: float) -> np.ndarray:
    """Return the use of the first so many months, a part of a month by its share."""
    weight = np.clip(months - np.arange(use.shape[1]), 0.0, 1.0)
    return np.asarray(use @ weight)


def _days_until_used(stock: np.ndarray, use: np.ndarray) -> np.ndarray:
    """Return days until use has eaten the stock; blank where it never does."""
    left, days = stock.copy(), np.zeros(len(stock))
    for month in range(use.shape[1]):
        asked = use[:, month]
        share = np.where(asked > left, left / np.where(asked > 0, asked, 1.0), 1.0)
        days += np.where(left > 0, share, 0.0) * DAYS_PER_MONTH
        left = np.maximum(left - asked, 0.0)
    return np.where(left > 1e-9, np.nan, days)


def rank_stock(compared: pd.DataFrame) -> pd.DataFrame:
    """Return the places where stock is too little or too much, the most money first.

    Args:
        compared: what `compare_stock` returned.

    Returns:
        The rows with `ask`: below (bring forward), excess (stop, move or sell), unused (nothing
        ahead uses it).
    """
    rows = compared[(compared["below_value"] > 0) | (compared["excess_value"] > 0)]
    unused = (rows["excess_qty"] >= rows["on_hand_qty"]) & (rows["on_hand_qty"] > 0)
    ask = np.where(rows["below_value"] > 0, "below", np.where(unused, "unused", "excess"))
    money = rows[["below_value", "excess_value"]].max(axis=1)
    ranked = rows.assign(ask=ask, _money=money).sort_values(
        ["_money", *PLACE], ascending=[False, True, True], ignore_index=True
    )
    return ranked.drop(columns="_money")


def value_stock(plan: pd.DataFrame, unit_cost: pd.DataFrame) -> pd.DataFrame:
    """Return closing stock at cost, a row per place and month, blocked stock left out.

    Args:
        plan: contract `constrained_plan`.
        unit_cost: `item`, `location`, `unit_cost_value`; a place without cost counts with 0.

    Returns:
        `item`, `location`, `period`, `closing_qty`, `stock_value`, `target_value` (safety stock),
        `early_value` (built or bought ahead: stock above safety stock that is not simply left
        from today).

    Example:
        Stock 100 today, 30 used, safety stock 20, closing 90: 70 are left from today, 20 ahead.
    """
    rows = plan.merge(unit_cost, on=PLACE, how="left", validate="many_to_one")
    rows = rows.sort_values([*PLACE, "period"], kind="stable", ignore_index=True)
    each = rows["unit_cost_value"].fillna(0.0)
    spent = (rows["served_qty"] + rows["used_qty"] + rows["move_out_qty"]).groupby(
        [rows["item"], rows["location"]]
    )
    today = rows.groupby(PLACE)["opening_qty"].transform("first")
    left = (today - spent.cumsum()).clip(lower=0)
    due = rows["safety_stock_qty"].where(rows["safety_stock_qty"] > left, left)
    return rows[[*PLACE, "period", "closing_qty"]].assign(
        stock_value=rows["closing_qty"] * each,
        target_value=rows["safety_stock_qty"] * each,
        early_value=(rows["closing_qty"] - due).clip(lower=0) * each,
    )
