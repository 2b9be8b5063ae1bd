"""What decisions brought: expected against realised, or why that cannot be said."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from sopkit.errors import InputError
from sopkit.periods import add_months, to_cycle_name, to_cycle_period
from sopkit.scenario.diffs import parse_blocks
from sopkit.scenario.effect.known import Known, find_forecast
from sopkit.scenario.effect.reach import cut_tables, find_reach
from sopkit.scenario.effect.sides import Block, Side, find_first, list_sides
from sopkit.scenario.effect.simulate import simulate
from sopkit.supply import Rates
from sopkit.tables import TABLES, fit_columns

MOST_MONTHS = 6
MONEY = ["revenue_value", "cost_value", "holding_value", "stock_value"]


@dataclass(frozen=True)
class Asked:
    """A decision ready to be simulated: both sides, the items it reaches, the months."""

    sides: tuple[Side, Side]
    known: Known
    months: pd.DatetimeIndex
    fingerprint: str


def measure_decisions(
    past_decision: pd.DataFrame,
    known: Known,
    *,
    horizon_months: int = 3,
    most_months: int = MOST_MONTHS,
    rates: Rates | None = None,
    previous: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what each decision brought: margin of the months since with it less without it.

    Realised = change of revenue - cost (overtime in it) - holding + worth of the stock left, of
    two simulations under actual demand (`simulate`), from the first month of its diff (else the
    month after its due date), six months at most. Only what was carried out (`done`) is simulated.

    Args:
        past_decision: contract `past_decision`, any order.
        known: what past months are planned from.
        horizon_months: months a plan looks ahead.
        most_months: most months simulated.
        rates: prices that no table gives.
        previous: last cycle's `decision_effect`; what went into a row being the same, it stands.

    Returns:
        Contract `decision_effect`. Where nothing can be said `why_blank` says why: `no_diff`,
        `not_before` (`due_period`), `open`, `dropped`, `asked` (no verdict), `unread` (its diff
        names what is not there; `why_text`), `no_network`, `no_stock`, `no_forecast` (of
        `due_period`).

    Raises:
        PlanError: hard data contradict each other.

    Example:
        Ten more hours in June sold ten units at 100 that cost 40: realised 600.
    """
    if past_decision.empty:
        return TABLES["decision_effect"].empty()
    rates = rates or Rates()
    rows = [
        _measure_one(row, known, horizon_months, most_months, rates, previous)
        for row in past_decision.astype(object).to_dict("records")
    ]
    return fit_columns(pd.DataFrame(rows), TABLES["decision_effect"])


def _measure_one(
    row: Mapping[Hashable, Any],
    known: Known,
    horizon_months: int,
    most_months: int,
    rates: Rates,
    previous: pd.DataFrame | None,
) -> dict[str, object]:
    names = ["decision", "cycle", "title", "owner", "due_date", "status", "expected_value"]
    told = {name: row.get(name) for name in names}
    try:
        asked = _ask(row, known, horizon_months, most_months, rates)
    except InputError as error:
        lines = [line.strip(" *") for line in str(error).splitlines()]
        return {**told, "month_count": 0, "why_blank": "unread", "why_text": lines[-2]
                if len(lines) > 2 else lines[0]}  # fmt: skip
    if isinstance(asked, dict):
        return {**told, "month_count": 0, **asked}
    months = {
        "first_period": asked.months[0],
        "last_period": asked.months[-1],
        "month_count": len(asked.months),
        "fingerprint": asked.fingerprint,
    }
    kept = _find_kept(previous, row["decision"], asked.fingerprint)
    money = kept or compare_sides(
        *simulate(
            asked.known, asked.months, asked.sides, horizon_months=horizon_months, rates=rates
        )
    )
    return {**told, **months, **money}


def _ask(
    row: Mapping[Hashable, Any], known: Known, horizon_months: int, most_months: int, rates: Rates
) -> Asked | dict[str, object]:
    """Return what is to be simulated, or why nothing is."""
    name = str(row["decision"])
    text, status = row.get("diff"), row.get("status")
    if status in ("dropped", "asked"):
        return {"why_blank": status}
    blocks = parse_blocks(str(text), name) if isinstance(text, str) and text.strip() else []
    first = find_first(blocks, _first_month(row))
    if known.last is None or first > known.last:
        return {"why_blank": "not_before", "due_period": add_months(first, 1)}
    if status == "open":
        return {"why_blank": "open"}
    if not blocks:
        return {"why_blank": "no_diff"}
    if known.tables.operation.empty and known.tables.purchase_term.empty:
        return {"why_blank": "no_network"}
    months = pd.date_range(first, known.last, freq="MS", name="period")[:most_months]
    return _prepare(name, blocks, known, months, horizon_months, rates)


def _first_month(row: Mapping[Hashable, Any]) -> pd.Timestamp:
    """Return the month after the due date, else the month after the cycle that decided."""
    due = row.get("due_date")
    known = to_cycle_period(str(row["cycle"])) if due is None or pd.isna(due) else due
    return add_months(pd.Timestamp(known).to_period("M").to_timestamp(), 1)


def _prepare(
    name: str,
    blocks: Sequence[Block],
    known: Known,
    months: pd.DatetimeIndex,
    horizon_months: int,
    rates: Rates,
) -> Asked | dict[str, object]:
    span = pd.date_range(months[0], add_months(months[-1], horizon_months), freq="MS")
    sides = list_sides(blocks, known.tables, span, name)
    sold = set(known.actual.loc[known.actual["period"].isin(months), "item"])
    items = find_reach(known.tables, sides, sold)
    if not (known.stock["period"] == add_months(months[0], -1)).any():
        return {"why_blank": "no_stock"}
    for month in months:
        if find_forecast(known.forecast, to_cycle_name(month)).empty:
            return {"why_blank": "no_forecast", "due_period": month}
    cut = replace(known, tables=cut_tables(known.tables, items, known.tables.cost, sides))
    cut = _cut_rows(cut, months)
    print_of = _fingerprint(blocks, cut, months, horizon_months, rates)
    return Asked(sides, cut, months, print_of)


def _cut_rows(known: Known, months: pd.DatetimeIndex) -> Known:
    """Return what is known of the items and months simulated; the rest plays no part."""
    kept = set(known.tables.item["item"])
    cycles = [to_cycle_name(month) for month in months]
    forecast, actual, stock = known.forecast, known.actual, known.stock
    return replace(
        known,
        forecast=forecast[forecast["item"].isin(kept) & forecast["cycle"].isin(cycles)],
        actual=actual[actual["item"].isin(kept) & actual["period"].isin(months)],
        stock=stock[stock["item"].isin(kept) & (stock["period"] == add_months(months[0], -1))],
        target=known.target[known.target["item"].isin(kept)],
    )


def _fingerprint(
    blocks: Sequence[Block],
    known: Known,
    months: pd.DatetimeIndex,
    horizon_months: int,
    rates: Rates,
) -> str:
    """Return a hash of all that goes into both simulations."""
    told = hashlib.sha256(repr((blocks, list(months), horizon_months, rates)).encode())
    frames = [known.forecast, known.actual, known.stock, known.target]
    frames += [getattr(known.tables, name) for name in known.tables.names()]
    for frame in frames:
        told.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return told.hexdigest()[:16]


def _find_kept(
    previous: pd.DataFrame | None, decision: object, fingerprint: str
) -> dict[str, object]:
    """Return the money of last cycle's row, where the same went into it."""
    if previous is None or previous.empty:
        return {}
    same = (previous["decision"] == decision) & (previous["fingerprint"] == fingerprint)
    names = ["realised_value", "service_rate", "overtime_hours", *MONEY]
    return {
        str(k): v for row in previous.loc[same, names].to_dict("records") for k, v in row.items()
    }


def compare_sides(with_it: pd.DataFrame, without: pd.DataFrame) -> dict[str, object]:
    """Return what one simulation brings more than the other, in money and service.

    Example:
        Revenue + 1,000, cost + 400, holding + 10, stock left + 50: realised 640.
    """
    both = [with_it, without]
    sums = {name: [float(one[name].sum()) for one in both] for name in with_it.columns[1:]}
    change = {name: high - low for name, (high, low) in sums.items()}
    change["stock_value"] = float(with_it["stock_value"].iloc[-1] - without["stock_value"].iloc[-1])
    shares = [
        served / wanted if wanted else float("nan")
        for served, wanted in zip(sums["served_qty"], sums["demand_qty"], strict=True)
    ]
    realised = change["revenue_value"] - change["cost_value"] - change["holding_value"]
    return {
        "realised_value": round(realised + change["stock_value"], 2),
        "service_rate": round(shares[0] - shares[1], 6),
        "overtime_hours": round(change["overtime_hours"], 2),
        **{name: round(change[name], 2) for name in MONEY},
    }


def name_cause(effects: pd.DataFrame) -> pd.Series:
    """Return where most of each realised effect comes from, as a word; blank where there is none.

    Sales (`service`, `lost`) are revenue; supply (`cost`, `dearer`) is cost less the stock it left;
    holding (`stock`, `held`) is what keeping stock cost. The largest that points the way of the
    effect counts; `same` below one currency unit.

    Example:
        Revenue + 10, cost + 6, stock left + 0, holding + 1: realised 3, from `service`.
    """
    parts = pd.DataFrame(
        {
            "service": effects["revenue_value"],
            "cost": effects["stock_value"] - effects["cost_value"],
            "stock": -effects["holding_value"],
        }
    ).astype(float)
    down = {"service": "lost", "cost": "dearer", "stock": "held"}
    sign = effects["realised_value"].astype(float).map(lambda value: 1.0 if value >= 0 else -1.0)
    toward = parts.mul(sign, axis=0).fillna(0.0)
    largest = toward.idxmax(axis=1).astype(object)
    word = largest.where(sign > 0, largest.map(down))
    word = word.mask(toward.max(axis=1) < 1.0, "same")
    return word.mask(effects["realised_value"].isna(), "")
