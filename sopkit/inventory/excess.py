"""Why there is too much stock: causes that add up to the excess."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.inventory.compare import sum_use
from sopkit.periods import add_months
from sopkit.tables import PLACE

Array = np.ndarray
CAUSES = (
    "run_out",
    "unused",
    "launch",
    "buy_ahead",
    "lot_size",
    "forecast_bias",
    "other",
)
PEAK_RATE = 1.25
EPS = 1e-9


def explain_excess(
    compared: pd.DataFrame,
    plan: pd.DataFrame,
    unit_cost: pd.DataFrame,
    *,
    item: pd.DataFrame | None = None,
    backtest: pd.DataFrame | None = None,
    lots: pd.DataFrame | None = None,
    cover_months: float = 3.0,
    launch_months: int = 6,
    bias_months: int = 6,
) -> pd.DataFrame:
    """Return what is too much, split by cause; a place's parts sum to its excess.

    Causes are asked in this order, facts before estimates; each explains at most what those before
    left:

    1. run_out: the item ends within the plan (or has ended): what the plan never uses.
    2. unused: the plan uses none at all.
    3. launch: the item was launched in the last `launch_months`, or will be in the next: all.
    4. buy_ahead: what the plan uses of it in peak months (use 1.25 x the mean month and more)
       beyond the cover; or what of it is still left when the plan builds on top of it, if
       that is more.
    5. lot_size: one usual lot less what the cover months use.
    6. forecast_bias: sum (forecast - actual) of the last `bias_months`, where positive.
    7. other.

    Args:
        compared: what `compare_stock` returned, with the same `cover_months`.
        plan: contract `constrained_plan`.
        unit_cost: `item`, `location`, `unit_cost_value`; a place without cost counts with 0.
        item: contract `item`, for launch and end dates.
        backtest: contract `backtest`; of each month the newest forecast counts. Rows of
            `pool_errors` speak for places that feed others.
        lots: `item`, `location`, `lot_qty`: the usual or smallest lot of what refills the place.
        cover_months: use beyond target that does not count as too much.
        launch_months: how long a launch explains stock.
        bias_months: how many past months count.

    Returns:
        `item`, `location`, `cause`, `excess_qty`, `excess_value`: a row for each cause that
        explains something; sorted by money, the most first.

    Example:
        100 too much, one lot is 90 with 60 used in three months, 50 more were forecast than came:
        lot_size 30, forecast_bias 50, other 20.
    """
    rows = compared[compared["excess_qty"] > 0].sort_values(PLACE, ignore_index=True)
    use = sum_use(plan, rows)
    first, last = plan["period"].min(), plan["period"].max()
    ends, launched = _read_life(rows, item, first, last, launch_months)
    stock = rows["on_hand_qty"].to_numpy(float)
    never = np.maximum(stock - use.sum(axis=1), 0.0)
    everything = rows["excess_qty"].to_numpy(float)
    explained = {
        "run_out": np.where(ends, never, 0.0),
        "unused": np.where(use.sum(axis=1) <= EPS, everything, 0.0),
        "launch": np.where(launched, everything, 0.0),
        "buy_ahead": np.maximum(
            _used_in_peaks(stock, use, cover_months), _left_when_built(rows, plan, use)
        ),
        "lot_size": _of_a_lot(rows, lots, use, cover_months),
        "forecast_bias": _too_much_forecast(rows, backtest, first, bias_months),
        "other": everything,
    }
    return _write_causes(rows, explained, unit_cost)


def name_causes(ranked: pd.DataFrame, explained: pd.DataFrame) -> pd.DataFrame:
    """Return ranked places with the cause of most of their excess.

    Args:
        ranked: what `rank_stock` (or `compare_stock`) returned.
        explained: what `explain_excess` returned.

    Returns:
        The rows with `cause` (blank where nothing is too much) and `cause_qty`.
    """
    order = explained.sort_values(
        [*PLACE, "excess_qty", "cause"], ascending=[True, True, False, True], kind="stable"
    )
    main = order.drop_duplicates(PLACE)[[*PLACE, "cause", "excess_qty"]]
    main = main.rename(columns={"excess_qty": "cause_qty"})
    return ranked.merge(main, on=PLACE, how="left", validate="one_to_one")


def _read_life(
    rows: pd.DataFrame,
    item: pd.DataFrame | None,
    first: pd.Timestamp,
    last: pd.Timestamp,
    launch_months: int,
) -> tuple[Array, Array]:
    """Return which places' items end within the plan, and which are just launched."""
    if item is None:
        return np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    launch, end = (
        pd.to_datetime(rows["item"].map(dict(zip(item["item"], item[name], strict=True))))
        for name in ("launch_date", "end_date")
    )
    launched = launch.between(add_months(first, -launch_months), add_months(first, launch_months))
    return (end < add_months(last, 1)).to_numpy(), launched.to_numpy()


def _used_in_peaks(stock: Array, use: Array, cover_months: float) -> Array:
    """Return what of today's stock the plan uses beyond the cover in months of a peak."""
    before = np.concatenate([np.zeros((len(use), 1)), use.cumsum(axis=1)], axis=1)
    taken = np.diff(np.minimum(before, stock[:, None]), axis=1)
    beyond = np.clip(np.arange(1, use.shape[1] + 1) - cover_months, 0.0, 1.0)
    peak = use >= PEAK_RATE * use.mean(axis=1, keepdims=True) - EPS
    return np.asarray((taken * beyond * peak).sum(axis=1))


def _left_when_built(rows: pd.DataFrame, plan: pd.DataFrame, use: Array) -> Array:
    """Return what of today's stock is left above target when the plan builds stock on top of it.

    Built: the closing stock is above both safety stock and what is left of today's.
    """
    keys = pd.MultiIndex.from_frame(rows[PLACE])
    closing, safety = (
        plan.pivot_table(index=PLACE, columns="period", values=name, aggfunc="sum")
        .reindex(keys)
        .fillna(0.0)
        .to_numpy(float)
        for name in ("closing_qty", "safety_stock_qty")
    )
    left = np.maximum(rows["on_hand_qty"].to_numpy(float)[:, None] - use.cumsum(axis=1), 0.0)
    # a month's end above the next month's use is more than the buckets of a plan bring about
    following = np.concatenate([use[:, 1:], use[:, -1:]], axis=1)
    built = closing > np.maximum(safety + following, left) + EPS * (1 + left)
    held = np.where(built, np.maximum(left - safety, 0.0), 0.0)
    return np.asarray(held.max(axis=1, initial=0.0))


def _of_a_lot(
    rows: pd.DataFrame, lots: pd.DataFrame | None, use: Array, cover_months: float
) -> Array:
    """Return what of one lot outlasts the cover."""
    if lots is None:
        return np.zeros(len(rows))
    lot = rows[PLACE].merge(lots, on=PLACE, how="left", validate="one_to_one")["lot_qty"]
    weight = np.clip(cover_months - np.arange(use.shape[1]), 0.0, 1.0)
    return np.maximum(lot.fillna(0.0).to_numpy(float) - use @ weight, 0.0)


def _too_much_forecast(
    rows: pd.DataFrame, backtest: pd.DataFrame | None, first: pd.Timestamp, bias_months: int
) -> Array:
    """Return how much more was forecast than came in the last months, newest forecasts."""
    if backtest is None:
        return np.zeros(len(rows))
    since = add_months(first, -bias_months)
    recent = backtest[(backtest["period"] >= since) & (backtest["period"] < first)]
    newest = recent.sort_values([*PLACE, "period", "cutoff"], kind="stable")
    newest = newest.drop_duplicates([*PLACE, "period"], keep="last")
    over = (newest["forecast_qty"] - newest["actual_qty"]).groupby(
        [newest["item"], newest["location"]]
    )
    keys = pd.MultiIndex.from_frame(rows[PLACE])
    return np.maximum(over.sum().reindex(keys).fillna(0.0).to_numpy(float), 0.0)


def _write_causes(
    rows: pd.DataFrame, explained: dict[str, Array], unit_cost: pd.DataFrame
) -> pd.DataFrame:
    """Return a row for each cause that explains something of what the causes before left."""
    left = rows["excess_qty"].to_numpy(float).copy()
    parts = []
    for cause in CAUSES:
        qty = np.minimum(left, explained[cause])
        left = left - qty
        parts.append(rows[PLACE].assign(cause=cause, excess_qty=qty))
    told = pd.concat(parts, ignore_index=True)
    told = told[told["excess_qty"] > 0].merge(
        unit_cost[[*PLACE, "unit_cost_value"]], on=PLACE, how="left", validate="many_to_one"
    )
    told["excess_value"] = told["excess_qty"] * told.pop("unit_cost_value").fillna(0.0)
    return told.sort_values(
        ["excess_value", "excess_qty", *PLACE, "cause"],
        ascending=[False, False, True, True, True],
        ignore_index=True,
    )
