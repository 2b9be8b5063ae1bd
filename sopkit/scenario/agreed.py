"""The agreed number made again from its parts, and how likely the numbers of a conflict are."""

from __future__ import annotations

from statistics import NormalDist

import pandas as pd

from sopkit.consensus import find_scope
from sopkit.demand import Correlation, apply_overrides, sum_ranges, to_consensus_demand
from sopkit.demand.streams import apply_streams
from sopkit.tables import CELL

GIVEN = ["baseline_qty", "event_qty", "pipeline_qty"]
DECIDED = ["stream_qty", "override_qty", "demand_qty"]
Z_80 = NormalDist().inv_cdf(0.9)


def replay_agreed(
    consensus_demand: pd.DataFrame,
    demand_stream: pd.DataFrame,
    stream_value: pd.DataFrame,
    override: pd.DataFrame,
    history: pd.DataFrame,
    item: pd.DataFrame,
    cycle: str,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Make agreed demand again: baseline, events and deals, then weights, then people's changes.

    Follows the rule as the demand review kept it, with the same functions, so whoever doubts a
    number can see it come about.

    Args:
        consensus_demand: contract `consensus_demand`; its baseline, events and deals are taken.
        demand_stream: contract `demand_stream`; what people said in the cycle.
        stream_value: contract `stream_value`; the weights that they earned, or were given.
        override: contract `override`.
        history: contract `demand_history`.
        item: contract `item`.
        cycle: the cycle.
        as_of: last day of what was known.

    Returns:
        CELL, the parts and `demand_qty` as made again, and `residual_qty` = made again - kept.

    Example:
        Baseline 100, sales 140 with weight 0.5, a change of -5: 100 + 20 - 5 = 115; residual 0.
    """
    rows = consensus_demand.drop(columns=DECIDED)
    said = apply_streams(rows, demand_stream, stream_value, history, item, cycle)
    changed, _ = apply_overrides(said, override, history, item, as_of)
    made = to_consensus_demand(changed)[[*CELL, *GIVEN, *DECIDED]]
    kept = consensus_demand[[*CELL, "demand_qty"]].rename(columns={"demand_qty": "kept_qty"})
    both = made.merge(kept, on=CELL, how="outer", validate="one_to_one")
    amounts = [*GIVEN, *DECIDED, "kept_qty"]
    both = both.fillna(dict.fromkeys(amounts, 0.0))
    both = both.assign(residual_qty=both["demand_qty"] - both["kept_qty"])
    return both.drop(columns="kept_qty").sort_values(CELL, kind="stable", ignore_index=True)


def rate_first_numbers(
    conflict: pd.DataFrame,
    options: pd.DataFrame,
    consensus_demand: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame,
    correlation: Correlation,
) -> pd.Series:
    """Return by conflict the chance that demand comes nearer to the first number than to ours.

    From the 80 % range of agreed demand over the conflict's family and months, as a normal one on
    either side; errors move together as backtests show.

    Args:
        conflict: contract `conflict`.
        options: what `consensus.list_conflict_options` returned; says how far the number is off.
        consensus_demand: contract `consensus_demand`, planned months.
        item: contract `item`.
        customer: contract `customer`, for channels.
        correlation: what `demand.measure_correlation` returned.

    Example:
        Agreed 100 with a P90 of 120, sales says 140: the chance of more than 120 is 0.1.
    """
    asked = options[options["action"] == "as_asked"].set_index("conflict")["demand_rate"]
    chances: dict[str, float] = {}
    for row in conflict[conflict["conflict"].isin(asked.index)].to_dict("records"):
        total = sum_ranges(
            find_scope(consensus_demand, row, item, customer), [], "demand_qty", correlation
        ).iloc[0]
        middle = total["demand_qty"] * float(asked[row["conflict"]]) / 2
        end = total["hi_80_qty"] if middle > 0 else total["lo_80_qty"]
        spread = abs(float(end - total["demand_qty"])) / Z_80
        certain = 0.0 if middle else 0.5
        away = abs(float(middle)) / spread if spread > 0 else None
        chances[str(row["conflict"])] = certain if away is None else 1 - NormalDist().cdf(away)
    return pd.Series(chances, dtype=float, name="first_rate")
