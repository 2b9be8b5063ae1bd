"""What corrections do: the change each makes to history, its money, and the forecast made of it.

The forecast is a function handed in, so this room asks for one without knowing how it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from sopkit.quality.clean import revenue_per_unit
from sopkit.tables import CELL, PLACE

Forecast = Callable[[pd.DataFrame], pd.DataFrame]
_MARK = [*PLACE, "period", "reason"]
_EPISODE = {"payback": "loading"}  # two sides of one correction


@dataclass(frozen=True)
class CorrectionEffect:
    """What accepting corrections does to the forecast.

    Args:
        by_reason: one row a reason: `accepted_count`, `change_qty` of history, `with_qty` and
            `without_qty` of the forecast's first months, `effect_qty` = with - without,
            `effect_rate` = effect / without.
        dearest: the corrections that change history most in money, one an item: the columns of
            `list_corrections`, with `with_qty`, `without_qty`, `effect_qty`.
        months: months of forecast that count.
    """

    by_reason: pd.DataFrame
    dearest: pd.DataFrame
    months: int


def list_corrections(correction: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return the corrections by item, location and month, dearest first, customers summed.

    Args:
        correction: contract `correction`.
        history: contract `demand_history`, for the revenue of a unit.

    Returns:
        `item`, `location`, `period`, `reason`, `customer` (the code, or `all` where several),
        `accepted`, `actual_qty`, `cleaned_qty`, `proposed_qty`, `change_qty` (cleaned - actual),
        `lost_qty`, `lo_80_qty`, `hi_80_qty`, `why`, `why_qty`, `why_rate`, `amount_value`
        (size of the proposed change at the revenue of a unit).

    Example:
        Ordered 40 and 20 of two customers, 60 and 30 lost: one row, change +90.
    """
    names = ["actual_qty", "cleaned_qty", "proposed_qty", "lost_qty", "lo_80_qty", "hi_80_qty"]
    grouped = correction.assign(customer_count=1).groupby(_MARK)
    sums = grouped.agg(
        customer=("customer", "first"),
        customer_count=("customer_count", "sum"),
        accepted=("accepted", "any"),
        why=("why", "first"),
        why_qty=("why_qty", "first"),
        why_rate=("why_rate", "first"),
    )
    sums = sums.join(grouped[names].sum(min_count=1)).reset_index()
    worth = revenue_per_unit(history)
    listed = sums.merge(worth, on="item", how="left", validate="many_to_one")
    change = listed["proposed_qty"] - listed["actual_qty"]
    listed = listed.assign(
        customer=listed["customer"].where(listed["customer_count"] == 1, "all"),
        change_qty=listed["cleaned_qty"] - listed["actual_qty"],
        amount_value=change.abs() * listed["unit_value"].fillna(0.0),
    )
    columns = [*_MARK, "customer", "accepted", *names, "change_qty"]
    listed = listed[[*columns, "why", "why_qty", "why_rate", "amount_value"]]
    return listed.sort_values(
        ["amount_value", *_MARK], ascending=[False, *[True] * 4], kind="stable", ignore_index=True
    )


def measure_correction_effect(
    history: pd.DataFrame,
    correction: pd.DataFrame,
    forecast: Forecast,
    *,
    top: int = 10,
    months: int = 6,
    skip: Sequence[str] = ("promotion",),
) -> CorrectionEffect:
    """Ask the forecast what it would say with and without each reason, and the dearest ones.

    effect = forecast with the correction - forecast without it, both with every other accepted
    correction in place. Loading and its payback are one correction. Only items with a correction
    are forecast; series are taken to be independent, so the dearest corrections of different
    items share one run: 2 runs and one a reason in all.

    Args:
        history: contract `demand_history`, with `cleaned_qty`.
        correction: contract `correction`; those not accepted are tried as if they were.
        forecast: a function from a history to `item`, `location`, `period`, `baseline_qty`.
        top: how many dear corrections are measured singly, one an item.
        months: months of the forecast that count, its first.
        skip: reasons that change nothing.

    Example:
        A forecast of next month by the last; it was 40 and is corrected to 100: effect +60.
    """
    tried = _to_try(correction, skip)
    affected = history[history["item"].isin(tried["item"].unique())]
    now = _sum_first(forecast(affected), months) if len(affected) else _no_forecast()
    rows = []
    for reason, cells in tried.groupby("group", sort=True):
        then = _sum_first(forecast(_turn(affected, cells)), months)
        rows.append(_compare_reason(str(reason), cells, now, then))
    dearest = list_corrections(tried[tried["reason"] == tried["group"]], history)
    dearest = dearest.drop_duplicates("item").head(top).reset_index(drop=True)
    cells = _both_sides(dearest, tried)
    then = _sum_first(forecast(_turn(affected, cells)), months) if len(cells) else now
    return CorrectionEffect(
        pd.DataFrame(rows, columns=_BY_REASON), _compare_dearest(dearest, now, then), months
    )


def _to_try(correction: pd.DataFrame, skip: Sequence[str]) -> pd.DataFrame:
    """Return the cells that are turned over: those a reason uses; all of it where it uses none.

    A cell that another reason corrects already is left out.
    """
    changing = correction[
        ~correction["reason"].isin(list(skip))
        & correction["proposed_qty"].ne(correction["actual_qty"])
    ]
    group = changing["reason"].replace(_EPISODE)
    any_used = changing["accepted"].groupby(group).transform("any")
    taken = pd.MultiIndex.from_frame(changing.loc[changing["accepted"], CELL])
    free = ~pd.MultiIndex.from_frame(changing[CELL]).isin(taken)
    chosen = changing["accepted"] | (~any_used & free)
    rows = changing.assign(group=group)[chosen.to_numpy(dtype=bool)]
    return rows.drop_duplicates(CELL).reset_index(drop=True)


_BY_REASON = ["reason", "accepted_count", "change_qty", "with_qty", "without_qty"]
_BY_REASON = [*_BY_REASON, "effect_qty", "effect_rate"]


def _no_forecast() -> pd.DataFrame:
    return pd.DataFrame(columns=[*PLACE, "baseline_qty"]).astype({"baseline_qty": float})


def _sum_first(forecast: pd.DataFrame, months: int) -> pd.DataFrame:
    """Return the forecast of the first months by item and location."""
    last = forecast["period"].min() + pd.DateOffset(months=months - 1)
    near = forecast[forecast["period"] <= last]
    return near.groupby(PLACE, as_index=False)["baseline_qty"].sum()


def _turn(history: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the history with these corrections turned over: taken out if used, else put in."""
    turned = cells.assign(
        turned_qty=cells["actual_qty"].where(cells["accepted"], cells["proposed_qty"])
    )
    both = history.merge(turned[[*CELL, "turned_qty"]], on=CELL, how="left", validate="one_to_one")
    both["cleaned_qty"] = both["turned_qty"].fillna(both["cleaned_qty"])
    return both[list(history.columns)]


def _compare_reason(
    reason: str, cells: pd.DataFrame, now: pd.DataFrame, then: pd.DataFrame
) -> list[object]:
    """Return the row of one reason; what is used now is `with`, else what was tried is."""
    used = bool(cells["accepted"].any())
    sums = now["baseline_qty"].sum(), then["baseline_qty"].sum()
    with_qty, without_qty = sums if used else sums[::-1]
    effect = with_qty - without_qty
    change = (cells["proposed_qty"] - cells["actual_qty"]).sum()
    rate = effect / without_qty if without_qty else 0.0
    return [reason, int(cells["accepted"].sum()), change, with_qty, without_qty, effect, rate]


def _both_sides(dearest: pd.DataFrame, tried: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of the dearest corrections, the payback of a loading with it."""
    own = tried.merge(dearest[_MARK], on=_MARK, validate="many_to_one")
    loaded = own.loc[own["reason"] == "loading", CELL]
    series = [name for name in CELL if name != "period"]
    back = tried[tried["reason"] != tried["group"]].merge(
        loaded, on=series, suffixes=("", "_loaded"), validate="many_to_many"
    )
    days = (back["period"] - back["period_loaded"]).dt.days
    back = back[days.between(1, 63)].drop(columns="period_loaded")
    sides = [frame for frame in (own, back) if len(frame)]
    return pd.concat(sides, ignore_index=True) if sides else own


def _compare_dearest(dearest: pd.DataFrame, now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    now = now.rename(columns={"baseline_qty": "now_qty"})
    then = then.rename(columns={"baseline_qty": "then_qty"})
    both = dearest.merge(now, on=PLACE, how="left", validate="many_to_one").merge(
        then, on=PLACE, how="left", validate="many_to_one"
    )
    both = both.fillna({"now_qty": 0.0, "then_qty": 0.0})
    used = both["accepted"].astype(bool)
    both = both.assign(
        with_qty=both["now_qty"].where(used, both["then_qty"]),
        without_qty=both["then_qty"].where(used, both["now_qty"]),
    )
    both["effect_qty"] = both["with_qty"] - both["without_qty"]
    return both.drop(columns=["now_qty", "then_qty"])


def say_evidence(
    listed: pd.DataFrame, say: Callable[[str, dict[str, object]], object]
) -> pd.DataFrame:
    """Return listed corrections with `why` as a sentence of the page.

    Args:
        listed: what `list_corrections` returned.
        say: makes a sentence of a key (``data.why.no_stock``) and its numbers.
    """
    said = [
        say(f"data.why.{why}", {"qty": qty, "rate": rate})
        for why, qty, rate in zip(listed["why"], listed["why_qty"], listed["why_rate"], strict=True)
    ]
    return listed.assign(why=pd.Series(said, index=listed.index, dtype=object))


def sum_lost(listed: pd.DataFrame) -> dict[str, float]:
    """Return the sum of lost sales with its 80 % range, for single estimates that err apart.

    lost = sum; each side of the range is the root of the summed squares of the sides.

    Example:
        Two estimates of 30, each 20 to 50: 60, from 60 - 14.1 to 60 + 28.3.
    """
    lost = float(listed["lost_qty"].sum())
    below = float(((listed["lost_qty"] - listed["lo_80_qty"]) ** 2).sum() ** 0.5)
    above = float(((listed["hi_80_qty"] - listed["lost_qty"]) ** 2).sum() ** 0.5)
    return {"lost": lost, "lo": max(lost - below, 0.0), "hi": lost + above}
