"""Uplift and dip of past events by family, with what is unsure about them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.demand.events.expect import Matrix
from sopkit.demand.events.observe import Observed, observe_events, tell_apart
from sopkit.demand.events.pool import NORMAL_90, pool_rates
from sopkit.demand.events.reach import DIP, UPLIFT, describe_terms
from sopkit.demand.levels import add_family
from sopkit.tables import ALL

ROUNDS = 4
KEY = ["event_kind", "family"]
UPLIFT_COLUMNS = [
    *KEY,
    "event_count",
    "uplift_rate",
    "lo_90_rate",
    "hi_90_rate",
    "event_lo_90_rate",
    "event_hi_90_rate",
    "dip_rate",
    "dip_lo_90_rate",
    "dip_hi_90_rate",
    "event_dip_lo_90_rate",
    "event_dip_hi_90_rate",
    "discount_rate",
    "uplift_per_discount_rate",
    "uplift_slope_sd_rate",
    "dip_per_discount_rate",
    "dip_slope_sd_rate",
]


def measure_uplift(
    history: pd.DataFrame, event: pd.DataFrame, item: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Measure what past events added, and what the month after them took back.

    A rate holds for an event that covers whole months: month = expected x (1 + uplift_rate x share
    of its days), and the month after = expected x (1 - dip_rate x months covered, at most 1).
    Expected comes from months without events (`expect_months`), set right by what the rest of the
    family did in that very month. Overlapping events are told apart together. Events are pooled by
    family within their kind, drawn to the company's mean where they are few (`pool_rates`).

    Two ranges are stated, each holding the truth 9 of 10 times: lo/hi_90_rate of the family's mean
    uplift, event_lo/hi_90_rate of one coming event's.

    Args:
        history: contract `demand_history`.
        event: contract `event`, planned ones included.
        item: contract `item`.
        as_of: last day known; later months are not looked at.

    Returns:
        (event_kind, family), family `all` for the company, UPLIFT_COLUMNS: `event_count` past
        events; rates with ranges; `discount_rate` at which they hold (blank: no cuts known),
        `uplift_per_discount_rate` more uplift per unit of price cut, `uplift_slope_sd_rate` its
        standard deviation, the same for the dip. Rates are blank where a kind has no past event.

    Example:
        10 a month, 13 in a month covered by a promotion, 9 after it: uplift 0.3, dip 0.1.
    """
    observed = observe_events(history, event, item, as_of)
    return pool_uplift(observed, event, list_families(history, item))


def list_families(history: pd.DataFrame, item: pd.DataFrame) -> list[str]:
    """Return the families of a history's items, sorted."""
    return sorted(add_family(history[["item"]].drop_duplicates(), item)["family"].unique())


def pool_uplift(
    observed: Observed | None, event: pd.DataFrame, families: list[str]
) -> pd.DataFrame:
    """Pool what was observed of events by kind and family; see `measure_uplift`."""
    pools = {} if observed is None else _pool_rounds(observed, event, families)
    frames = []
    for kind in sorted(event["event_kind"].unique()):
        blank = pool_rates(
            np.array([]), np.array([]), pd.Series(dtype=object), np.array([]), families
        )
        rates = [pools.get((kind, effect), blank) for effect in (UPLIFT, DIP)]
        frames.append(_to_columns(*rates).assign(event_kind=kind))
    if not frames:
        return pd.DataFrame(columns=UPLIFT_COLUMNS, dtype=float).astype(dict.fromkeys(KEY, object))
    return pd.concat(frames, ignore_index=True)[UPLIFT_COLUMNS]


def _pool_rounds(
    observed: Observed, event: pd.DataFrame, families: list[str]
) -> dict[tuple[str, str], pd.DataFrame]:
    """Tell events apart and pool them, in turn, until both agree."""
    told = describe_terms(observed.terms, event)
    count = len(told)
    prior, prior_sd, rates = np.zeros(count), np.ones(count), np.zeros(count)
    pools: dict[tuple[str, str], pd.DataFrame] = {}
    for _ in range(ROUNDS):
        own, own_sd, rates, _ = tell_apart(observed, prior, prior_sd, rates)
        for key, rows in told.groupby(["event_kind", "effect"], sort=True):
            seen = rows.index[np.isfinite(own[rows.index])]
            pools[str(key[0]), str(key[1])] = pool_rates(
                own[seen],
                own_sd[seen],
                told.loc[seen, "family"],
                told.loc[seen, "discount_rate"].to_numpy(dtype=float),
                families,
            )
        prior, prior_sd = _to_prior(told, pools)
    return pools


def _to_prior(
    told: pd.DataFrame, pools: dict[tuple[str, str], pd.DataFrame]
) -> tuple[Matrix, Matrix]:
    """Return what is expected of each term by its family and price cut, and how unsure it is."""
    stacked = pd.concat(
        [rates.assign(event_kind=kind, effect=effect) for (kind, effect), rates in pools.items()]
    )
    return expect_rates(told, stacked.rename(columns={"discount_rate": "usual_rate"}))


def expect_rates(told: pd.DataFrame, rates: pd.DataFrame) -> tuple[Matrix, Matrix]:
    """Return the rate of each term, and its standard deviation as one event.

    rate = the family's + slope x (price cut - the family's usual one); a price cut not known is
    the usual one. Families never seen take the company's row.

    Args:
        told: `event_kind`, `family`, `effect`, `discount_rate`.
        rates: `event_kind`, `effect`, `family`, `rate`, `event_sd`, `usual_rate`, `slope`,
            `slope_sd`.
    """
    key = ["event_kind", "effect", "family"]
    listed = pd.MultiIndex.from_frame(rates[key])
    known = pd.MultiIndex.from_frame(told[key]).isin(listed)
    family = np.where(known, told["family"], ALL)
    found = told.assign(family=family).merge(rates, on=key, how="left", validate="many_to_one")
    further = (found["discount_rate"] - found["usual_rate"]).fillna(0.0)
    rate = found["rate"] + found["slope"] * further
    variance = found["event_sd"] ** 2 + (found["slope_sd"] * further) ** 2
    return rate.to_numpy(dtype=float), np.sqrt(variance.to_numpy(dtype=float))


def to_rates(uplift: pd.DataFrame) -> pd.DataFrame:
    """Return what `measure_uplift` returned as `expect_rates` takes it: a row an effect."""
    parts = []
    for effect, front in ((UPLIFT, ""), (DIP, "dip_")):
        width = uplift[f"event_{front}hi_90_rate"] - uplift[f"event_{front}lo_90_rate"]
        part = uplift[KEY].assign(
            effect=effect,
            rate=uplift[f"{effect}_rate"],
            event_sd=width / (2 * NORMAL_90),
            usual_rate=uplift["discount_rate"],
            slope=uplift[f"{effect}_per_discount_rate"],
            slope_sd=uplift[f"{effect}_slope_sd_rate"],
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _to_columns(uplift: pd.DataFrame, dip: pd.DataFrame) -> pd.DataFrame:
    frame = uplift[["family", "event_count", "discount_rate"]].copy()
    for rates, effect, front in ((uplift, UPLIFT, ""), (dip, DIP, "dip_")):
        frame[f"{effect}_rate"] = rates["rate"]
        for sd, whose in (("sd", ""), ("event_sd", "event_")):
            frame[f"{whose}{front}lo_90_rate"] = rates["rate"] - NORMAL_90 * rates[sd]
            frame[f"{whose}{front}hi_90_rate"] = rates["rate"] + NORMAL_90 * rates[sd]
        frame[f"{effect}_per_discount_rate"] = rates["slope"]
        frame[f"{effect}_slope_sd_rate"] = rates["slope_sd"]
    return frame
