"""KPI of the forecast: of agreed demand of past cycles where there are any, else the baseline."""

from __future__ import annotations

import pandas as pd

from sopkit.accuracy import (
    bias_rate,
    forecast_accuracy,
    forecast_value_added,
    hit_rate,
    stability,
    track_places,
    wape,
)
from sopkit.kpi.registry import MONTHLY, REGISTRY
from sopkit.kpi.rows import MEASURED, blank_kpi, to_rows
from sopkit.periods import add_months, months_between, to_cycle_period
from sopkit.tables import PLACE

AGREED, BASELINE = "agreed", "baseline"
FIGURES = {"accuracy": forecast_accuracy, "wape": wape, "bias": bias_rate}
LEAST_TRACKED = 6


def to_agreed_cells(past: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Set agreed demand of past cycles beside what came, at (item, location).

    Args:
        past: `cycle`, `item`, `location`, `period`, `demand_qty`: `c.read_past("consensus_demand")`
            and `past_plan` together; of two rows of one cell the sum counts.
        history: contract `demand_history`.

    Returns:
        `cycle`, `item`, `location`, `period`, `lag`, `forecast_qty`, `actual_qty`; months that
        have not come yet are left out; what did not sell in a month that came is 0.
    """
    known = past[past["period"].isin(history["period"].unique())]
    cells = known.groupby(["cycle", *PLACE, "period"], as_index=False)["demand_qty"].sum()
    came = history.groupby([*PLACE, "period"], as_index=False)["actual_qty"].sum()
    cells = cells.merge(came, on=[*PLACE, "period"], how="left", validate="many_to_one")
    made = cells["cycle"].map({name: to_cycle_period(name) for name in cells["cycle"].unique()})
    lag = months_between(pd.to_datetime(made), cells["period"])
    cells = cells.assign(lag=lag, forecast_qty=cells["demand_qty"])
    return cells.assign(actual_qty=cells["actual_qty"].fillna(0.0)).drop(columns="demand_qty")


def measure_forecast(
    backtest: pd.DataFrame, lag: int, period: pd.Timestamp, agreed: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Measure accuracy, WAPE and bias of agreed demand; of the baseline where none is known.

    Args:
        backtest: contract `backtest`.
        lag: lag of the figure: pooled over the last twelve months of agreed demand, or over all
            cutoffs of the backtest. Agreed demand counts where at least one month has that lag.
        period: month the figure is dated for: the last of history.
        agreed: what `to_agreed_cells` returned.

    Returns:
        The figures at `lag`; then, at the level of months, each of the last 24 months at that lag
        and each of the last 12 at the shortest lag there is for it. `source` says which.
    """
    own = pd.DataFrame() if agreed is None else agreed
    if len(own) and (own["lag"] == lag).any():
        cells, source = own, AGREED
        pooled = cells[(cells["lag"] == lag) & (cells["period"] > add_months(period, -12))]
    elif len(backtest):
        cells, source = backtest, BASELINE
        pooled = cells[cells["lag"] == lag]
    else:
        return pd.concat([blank_kpi(name, period, "no_backtest") for name in FIGURES])
    if pooled.empty:
        rows = [blank_kpi(name, period, "no_lag") for name in FIGURES]
    else:
        rows = [_score(pooled, lag, period, "", source)]
    monthly = cells[(cells["period"] > add_months(period, -24)) & (cells["period"] <= period)]
    shortest = monthly["lag"] == monthly.groupby("period")["lag"].transform("min")
    recent = monthly["period"] > add_months(period, -12)
    shown = monthly[(monthly["lag"] == lag) | (shortest & recent)]
    rows += [
        _score(part, int(part["lag"].iloc[0]), part["period"].iloc[0], MONTHLY, source)
        for _, part in shown.groupby(["lag", "period"], sort=True)
    ]
    return pd.concat(rows, ignore_index=True)[MEASURED]


def _score(
    cells: pd.DataFrame, lag: int, month: pd.Timestamp, added: str, source: str
) -> pd.DataFrame:
    forecast, actual = cells["forecast_qty"], cells["actual_qty"]
    return pd.concat(
        [
            to_rows(
                name,
                [month],
                [formula(forecast, actual)],
                [len(cells)],
                lags=lag,
                level=REGISTRY[name].level + added,
                source=source,
            )
            for name, formula in FIGURES.items()
        ]
    )


def measure_tracking(cells: pd.DataFrame, lag: int, period: pd.Timestamp) -> pd.DataFrame:
    """Measure the share of item-locations whose tracking signal lies beyond +-4.

    Args:
        cells: `item`, `location`, `period`, `lag`, `forecast_qty`, `actual_qty`: agreed demand of
            past cycles, or the backtest; each month counts at the shortest lag it has.
        lag: lag that the figure is filed under.
        period: last month of history.

    Returns:
        One row; blank with fewer than six months.
    """
    known = cells[(cells["period"] <= period) & (cells["period"] > add_months(period, -12))]
    if len(known["period"].unique()) < LEAST_TRACKED:
        return blank_kpi("tracking", period, "few_months")
    told = track_places(known)
    return to_rows("tracking", [period], [told["leans"].mean()], [len(told)], lags=lag)


def measure_value_added(backtest: pd.DataFrame, lag: int, period: pd.Timestamp) -> pd.DataFrame:
    """Measure what the baseline adds to the naive forecast: WAPE naive - WAPE, same cells.

    Example:
        Naive misses 30 of 100, the baseline 20: 0.1.
    """
    cells = backtest[backtest["lag"] == lag] if len(backtest) else backtest
    if cells.empty or "naive_qty" not in cells:
        return blank_kpi("value_added", period, "no_backtest")
    cells = cells.dropna(subset=["naive_qty"])
    value = forecast_value_added(cells["forecast_qty"], cells["naive_qty"], cells["actual_qty"])
    return to_rows("value_added", [period], [value], [len(cells)], lags=lag, source=BASELINE)


def measure_hit_rate(
    past: pd.DataFrame, history: pd.DataFrame, period: pd.Timestamp
) -> pd.DataFrame:
    """Measure the share of people's overrides that brought agreed demand nearer to what came.

    Args:
        past: `c.read_past("consensus_demand")`, with `override_qty`.
        history: contract `demand_history`.
        period: last month of history.
    """
    key = [*PLACE, "customer", "period"]
    if past.empty or "override_qty" not in past:
        return blank_kpi("hit_rate", period, "second_cycle")
    changed = past[(past["override_qty"].abs() > 1e-6) & (past["period"] <= period)]
    changed = changed.merge(history[[*key, "actual_qty"]], on=key, validate="many_to_one")
    if changed.empty:
        return blank_kpi("hit_rate", period, "no_overrides")
    after = changed["demand_qty"]
    number = hit_rate(after, after - changed["override_qty"], changed["actual_qty"])
    return to_rows("hit_rate", [period], [number], [len(changed)], source=AGREED)


def measure_stability(
    demand: pd.DataFrame, past: pd.DataFrame, cycle_period: pd.Timestamp, months: int = 6
) -> pd.DataFrame:
    """Measure how much agreed demand moved since last cycle: sum |F - F last| / sum F last.

    Args:
        demand: contract `consensus_demand`.
        past: the same of the last cycle; empty in the first cycle.
        cycle_period: first planned month.
        months: months compared; only those that both have.
    """
    last_month = add_months(cycle_period, -1)
    key = [*PLACE, "period"]
    ends = (cycle_period, add_months(cycle_period, months - 1))
    sums = [
        rows[rows["period"].between(*ends)].groupby(key)["demand_qty"].sum()
        for rows in (demand, past)
    ]
    shared = set(sums[0].index.get_level_values("period")) & set(
        sums[1].index.get_level_values("period")
    )
    both = pd.concat(sums, axis=1, keys=["now", "then"]).fillna(0.0)
    both = both[both.index.get_level_values("period").isin(shared)]
    if both["then"].sum() <= 0:
        return blank_kpi("stability", last_month, "second_cycle")
    number = stability(both["now"], both["then"])
    return to_rows("stability", [last_month], [number], [len(both)], source=AGREED)


def measure_touchless_share(demand: pd.DataFrame, period: pd.Timestamp) -> pd.DataFrame:
    """Measure the share of items whose agreed demand no override changed.

    Args:
        demand: contract `consensus_demand`; blank or no `override_qty` is no edit.
        period: last month of history.

    Example:
        Three items, one with an override: 2/3.
    """
    if demand.empty:
        return blank_kpi("touchless", period, "no_demand")
    edit = demand["override_qty"].abs() if "override_qty" in demand else demand["demand_qty"] * 0
    edited = (edit.fillna(0.0) > 1e-6).groupby(demand["item"]).any()
    return to_rows("touchless", [period], [1.0 - edited.mean()], [len(edited)])
