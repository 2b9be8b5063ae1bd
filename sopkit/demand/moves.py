"""Why demand moved: last cycle's agreed demand to this one, cause by cause, exact to the unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from sopkit.demand.agree import agree_demand
from sopkit.demand.baseline import forecast_baseline
from sopkit.demand.events import take_out_events
from sopkit.tables import CELL, MOVE_CAUSES, TABLES

Inputs = dict[str, Any]

CAUSES = tuple(MOVE_CAUSES)
OPTIONS = ("horizon_months", "family_weight", "min_history_months", "country")
FORECAST = ("history", "item", "event", *OPTIONS)
HIERARCHY = ["family", "category", "base_unit"]
AGREE = (
    "event",
    "opportunity_line",
    "opportunity_stage",
    "forecast_stream",
    "stream_value",
    "override",
    "cycle",
    "as_of",
)


TABLES_THEN = (
    "item",
    "event",
    "opportunity_line",
    "opportunity_stage",
    "stream_value",
    "override",
)


def explain_move(
    last_demand: pd.DataFrame,
    demand: pd.DataFrame,
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    *,
    uplift: pd.DataFrame | None = None,
    baseline: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Split the change of agreed demand since the last cycle into its causes.

    Beginning with the last cycle's inputs, one cause after the other is brought up to date and
    everything is forecast again; a cause's part is what its step changed. The order is fixed:

    - actuals: the months that have passed since
    - restated: history that the company's books now show differently
    - hierarchy: items that belong to another family
    - model: the options, and what the code of today forecasts otherwise from the old inputs (for a
      last plan made outside sopkit: all that the kit cannot reproduce)
    - lifecycle: items that came, go, or follow another
    - events: promotions and opportunities
    - streams: people's forecasts and their weights
    - overrides: people's changes, new, withdrawn or expired

    Args:
        last_demand: CELL and `demand_qty` of the last cycle.
        demand: CELL and `demand_qty` of this cycle.
        then: the inputs of the last cycle by name (FORECAST and AGREE).
        now: the inputs of this cycle by name.
        uplift, baseline: what these inputs of this cycle give, if it is known already.

    Returns:
        A row for each cell of the months that both cover: CELL, `last_qty`, one `<cause>_qty` for
        each of CAUSES (signed), `demand_qty`. last + parts = demand, exactly.

    Example:
        Last 100, now 130, of which an override 20 and the rest actuals: actuals 10, overrides 20.
    """
    periods = set(last_demand["period"]) & set(demand["period"])
    runner = _Runner()
    if uplift is not None and baseline is not None:
        runner.known = (dict(now), uplift, baseline)
    states = {cause: _take(runner.demand_of(inputs)) for cause, inputs in _step(then, now)}
    states[CAUSES[-1]] = _take(demand)  # the same inputs give the same demand
    start = _take(last_demand)
    again = states.pop("start")
    steps = pd.concat([start, again, *states.values()], axis=1, keys=["last", "start", *states])
    steps = steps[steps.index.get_level_values("period").isin(periods)].fillna(0.0)
    before = ["start", *states][:-1]
    parts = pd.DataFrame(
        {
            cause: steps[cause] - steps[earlier]
            for cause, earlier in zip(states, before, strict=True)
        }
    )
    parts["model"] += steps["start"] - steps["last"]
    told = parts.add_suffix("_qty")
    told.insert(0, "last_qty", steps["last"])
    told["demand_qty"] = steps[CAUSES[-1]]
    return told.rename_axis(CELL).reset_index().sort_values(CELL, kind="stable", ignore_index=True)


def demand_from(inputs: Mapping[str, Any]) -> pd.DataFrame:
    """Return the agreed demand that inputs by name (FORECAST and AGREE) give; without ranges."""
    return _Runner().demand_of(dict(inputs))


def no_move() -> pd.DataFrame:
    """Return what `explain_move` returns where there is nothing to compare with: no rows."""
    return TABLES["demand_move"].empty()


def sum_move(move: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sum the parts to a level; `by` empty gives the total. The parts still sum exactly."""
    amounts = ["last_qty", *(f"{cause}_qty" for cause in CAUSES), "demand_qty"]
    key = by or ["everything"]
    summed = move.assign(everything="all").groupby(key, as_index=False)[amounts].sum()
    return summed.drop(columns="everything", errors="ignore")


def to_past_history(past: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return history as the last cycle knew it, where only its ordered quantities were kept.

    A month whose order quantity is the same now keeps today's cleaned quantity; another one counts
    as it was ordered.

    Args:
        past: contract `past_history`.
        history: contract `demand_history`.
    """
    known = history[[*CELL, "actual_qty", "cleaned_qty"]].rename(columns={"actual_qty": "now_qty"})
    rows = past[[*CELL, "actual_qty"]].merge(known, on=CELL, how="left", validate="one_to_one")
    same = rows["now_qty"] == rows["actual_qty"]
    rows["cleaned_qty"] = rows["cleaned_qty"].where(same, rows["actual_qty"])
    rows = rows.assign(revenue_value=0.0, return_value=0.0)
    columns = TABLES["demand_history"].column_names
    return rows.reindex(columns=columns).sort_values(CELL, kind="stable", ignore_index=True)


def _step(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Inputs]]:
    """Yield the inputs after each cause was brought up to date, the unchanged ones first."""
    inputs: Inputs = dict(then)
    yield "start", inputs
    for cause, changed in UPDATES.items():
        inputs = {**inputs, **changed(then, now)}
        yield cause, inputs


def _new_actuals(then: Mapping[str, Any], now: Mapping[str, Any]) -> Inputs:
    old, new = then["history"], now["history"]
    last = old["period"].max()
    passed = new[new["period"] > last]
    return {"history": pd.concat([old, passed], ignore_index=True) if len(passed) else old}


def _new_hierarchy(then: Mapping[str, Any], now: Mapping[str, Any]) -> Inputs:
    groups = now["item"].set_index("item")[HIERARCHY]
    old = then["item"].set_index("item")
    common = old.index.intersection(groups.index)
    moved = old.copy()
    moved.loc[common, HIERARCHY] = groups.loc[common]
    return {"item": moved.reset_index()[list(then["item"].columns)]}


def _all_of(*names: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Inputs]:
    return lambda _, now: {name: now[name] for name in names}


UPDATES: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Inputs]] = {
    "actuals": _new_actuals,
    "restated": _all_of("history"),
    "hierarchy": _new_hierarchy,
    "model": _all_of(*OPTIONS),
    "lifecycle": _all_of("item"),
    "events": _all_of("event", "opportunity_line", "opportunity_stage"),
    "streams": _all_of("forecast_stream", "stream_value", "cycle"),
}


class _Runner:
    """Forecasts again only what a step changed: the baseline, what is put on it, or neither."""

    def __init__(self) -> None:
        self._seen: Inputs = {}
        self.known: tuple[Inputs, pd.DataFrame, pd.DataFrame] | None = None
        self._uplift = self._baseline = self._demand = pd.DataFrame()

    def demand_of(self, inputs: Inputs) -> pd.DataFrame:
        """Return the demand that these inputs give."""
        if not self._same(inputs, FORECAST):
            self._forecast(inputs)
            self._seen = {}
        if not self._same(inputs, (*FORECAST, *AGREE)):
            named = {name: inputs[name] for name in ("history", "item", *AGREE)}
            self._demand = agree_demand(self._baseline, uplift=self._uplift, **named).demand
        self._seen = inputs
        return self._demand

    def _forecast(self, inputs: Inputs) -> None:
        if self.known is not None and _same(self.known[0], inputs, FORECAST):
            _, self._uplift, self._baseline = self.known
            return
        item = inputs["item"]
        self._uplift, steady = take_out_events(inputs["history"], inputs["event"], item)
        self._baseline = forecast_baseline(
            steady,
            item,
            inputs["horizon_months"],
            TABLES["backtest"].empty(),
            **{name: inputs[name] for name in OPTIONS[1:]},
        )

    def _same(self, inputs: Inputs, names: tuple[str, ...]) -> bool:
        return bool(self._seen) and _same(self._seen, inputs, names)


def _same(seen: Inputs, inputs: Inputs, names: tuple[str, ...]) -> bool:
    return all(_equal(seen[one], inputs[one]) for one in names)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame):
        return one is other or one.reset_index(drop=True).equals(other.reset_index(drop=True))
    return bool(one == other)


def _take(demand: pd.DataFrame) -> pd.Series:
    return demand.groupby(CELL)["demand_qty"].sum()
