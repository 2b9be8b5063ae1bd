"""From what is known to each sender's sheet and answer."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from sopkit.collect.answer import tell_outcome, tell_weights
from sopkit.collect.answer_sheet import Answer
from sopkit.collect.given import Given
from sopkit.collect.layout import BLOCKS, RECORD, Sheet
from sopkit.collect.prefill import own_cells, prefill_rows, score_by
from sopkit.collect.who import ROW, SENDER, find_last_cycles, list_rows
from sopkit.demand import compare_streams
from sopkit.demand.levels import LEVEL
from sopkit.errors import InputError
from sopkit.periods import to_horizon
from sopkit.tables import CELL

SCORED_CYCLES = 12


class Made(NamedTuple):
    """Sheets with their answers, and the leaves nobody answers for."""

    sheets: list[tuple[Sheet, Answer]]
    unowned: pd.DataFrame


def make_sheets(given: Given, *, months: int = 6, due: str = "", by_customer: bool = False) -> Made:
    """Make a sheet for each sender of a cycle.

    Args:
        months: months asked for, the cycle's own first.
        due: day by which sheets are expected, such as 2026-11-06.
        by_customer: a sales row is an item-location-customer everywhere.

    Raises:
        InputError: there is nobody to ask.
    """
    asked = list_rows(
        given.demand,
        given.segment,
        given.item,
        given.customer,
        given.responsibility,
        given.streams,
        cycle=given.cycle,
        months=months,
        by_customer=by_customer,
    )
    if asked.rows.empty:
        raise InputError(
            "There is nobody to ask: table responsibility names no sales_owner, and nobody gave a "
            "forecast in an earlier cycle. Fill responsibility and run 01_data_review again."
        )
    periods = to_horizon(given.cycle, months)
    agreed = given.past_demand[[*CELL, "demand_qty"]]
    cells = prefill_rows(
        asked.rows,
        periods,
        demand=given.demand,
        history=given.history,
        agreed=agreed,
        streams=given.streams,
        item=given.item,
        cycle=given.cycle,
    )
    compared = compare_past(given, asked.rows)
    own = own_cells(compared, asked.rows, given.item, given.customer, given.responsibility)
    rows = asked.rows.merge(score_by(own, ROW), on=ROW, how="left", validate="one_to_one")
    outcome = tell_outcome(
        asked.rows,
        streams=given.streams,
        past_demand=given.past_demand,
        compared=compared,
        history=given.history,
        item=given.item,
        cycle=given.cycle,
    )
    lags = score_by(own, [*SENDER, "lag"])
    weights = tell_weights(asked.rows, given.past_value)
    spoke = find_last_cycles(given.streams, given.cycle).set_index("stream")["cycle"]
    sheets = []
    for sender in weights.to_dict("records"):
        stream, owner = sender["stream"], sender["owner"]
        sheet = Sheet(
            given.company,
            given.cycle,
            stream,
            owner,
            1,
            due,
            tuple(f"{period:%Y-%m}" for period in periods),
            _of(rows, stream, owner)[[*LEVEL, *RECORD]],
            _of(cells, stream, owner)[[*LEVEL, "period", *BLOCKS]],
            str(spoke.get(stream, "")),
        )
        past = _of(lags, stream, owner)
        answer = Answer(_of(outcome, stream, owner), sender, past, SCORED_CYCLES)
        sheets.append((sheet, answer))
    return Made(sheets, asked.unowned)


def compare_past(given: Given, rows: pd.DataFrame) -> pd.DataFrame:
    """Set the last SCORED_CYCLES cycles of the streams that are asked beside what came."""
    oldest = (pd.Period(given.cycle, "M") - SCORED_CYCLES).strftime("%Y-%m")
    streams = given.streams
    recent = streams[(streams["cycle"] >= oldest) & streams["stream"].isin(rows["stream"])]
    said = given.past_baseline
    return compare_streams(recent, given.history, given.item, past_baseline=said)


def _of(frame: pd.DataFrame, stream: str, owner: str) -> pd.DataFrame:
    mine = (frame["stream"] == stream) & (frame["owner"] == owner)
    return frame[mine].reset_index(drop=True)
