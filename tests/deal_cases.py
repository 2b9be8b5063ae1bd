"""Made-up companies whose uplifts, win rates and slips are known; for tests and benchmarks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sopkit.tables import CELL

AS_OF = pd.Timestamp("2026-10-31")
USUAL_CUT = 0.15
HISTORY_END = pd.Timestamp("2026-10-01")
NEW_YEARS = ["2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17"]


class Promoted(NamedTuple):
    """A company with events, and what was planted: by family, and by event."""

    history: pd.DataFrame
    event: pd.DataFrame
    item: pd.DataFrame
    family: pd.DataFrame  # family, uplift_rate, dip_rate: what its events have on average
    planted: pd.DataFrame  # event, family, uplift_rate, dip_rate, past
    without: pd.Series  # demand of the rows of history, had there been no events


def promoted_company(seed: int, *, shape: str = "normal", cuts: bool = False) -> Promoted:
    """Return a company with events of known uplift.

    Args:
        seed: its random numbers.
        shape: how single events differ from their family's mean: normal, even, skewed, same.
        cuts: the events' price cuts are known and explain most of that difference.
    """
    rng = np.random.default_rng([seed, 77])
    leaves, item = _leaves(rng)
    months = pd.date_range(end=HISTORY_END, periods=int(rng.choice([48, 60, 72])), freq="MS")
    horizon = pd.date_range(months[0], periods=len(months) + 12, freq="MS")
    base = _base(rng, leaves, horizon)
    names = sorted(item["family"].unique())
    mean = rng.uniform(0.25, 0.6)
    family = pd.DataFrame(
        {"family": names, "uplift_rate": mean * np.exp(rng.normal(0, 0.15, len(names)))}
    )
    payback = rng.uniform(0.2, 0.5)
    event, planted = _events(rng, leaves, family, horizon, len(months), shape, cuts, payback)
    family["dip_rate"] = payback * family["uplift_rate"]
    factor = _factor(leaves, event, planted, horizon)
    calm = base * _noise(rng, leaves, len(horizon))
    demand = calm * factor
    rows = np.repeat(np.arange(len(leaves)), len(months))
    history = leaves.loc[rows, CELL[:3]].reset_index(drop=True)
    history["period"] = np.tile(months.to_numpy(), len(leaves))
    history["actual_qty"] = np.round(demand[:, : len(months)].ravel())
    history["cleaned_qty"] = history["actual_qty"]
    without = pd.Series(calm[:, : len(months)].ravel())
    return Promoted(history, event, item, family, planted, without)


def _leaves(rng):
    families = int(rng.integers(4, 8))
    items = [
        (f"F{f}", f"F{f}I{i}") for f in range(families) for i in range(int(rng.integers(3, 8)))
    ]
    item = pd.DataFrame(items, columns=["family", "item"])
    places = [(place, group) for place in ("D1", "D2", "D3") for group in ("K1", "K2", "K3", "K4")]
    grid = item.merge(pd.DataFrame(places, columns=["location", "customer"]), how="cross")
    return grid[rng.random(len(grid)) < 0.8].reset_index(drop=True), item


def _base(rng, leaves, horizon):
    count, span = len(leaves), len(horizon)
    level = 800 * np.exp(rng.normal(0, 0.8, count))
    growth = (1 + rng.normal(0.03, 0.06, count))[:, None] ** (np.arange(span) / 12)
    code = pd.factorize(leaves["family"])[0]
    strength, peak = rng.uniform(0.05, 0.45, code.max() + 1), rng.integers(1, 13, code.max() + 1)
    month = horizon.month.to_numpy()
    season = 1 + strength[code][:, None] * np.cos(2 * np.pi * (month - peak[code][:, None]) / 12)
    moved = rng.uniform(0, 0.3, code.max() + 1)[code][:, None] * _new_year(horizon)
    drift = np.exp(np.cumsum(rng.normal(0, 0.015, (code.max() + 1, span)), axis=1))[code]
    return level[:, None] * growth * season * (1 + moved) * drift


def _new_year(horizon):
    moves = np.zeros(len(horizon))
    for day in [*NEW_YEARS, "2027-02-06"]:
        for start, length, sign in (
            (pd.Timestamp(day) - pd.Timedelta(days=30), 26, 1),
            (pd.Timestamp(day), 21, -1),
        ):
            for one in pd.date_range(start, periods=length):
                where = horizon.get_indexer([one.replace(day=1)])[0]
                if where >= 0:
                    moves[where] += sign / length
    return moves


def _events(rng, leaves, family, horizon, known, shape, cuts, payback):
    rates = family.set_index("family")["uplift_rate"]
    rows, planted = [], []
    for number in range(int(rng.integers(40, 90))):
        pick = leaves.iloc[int(rng.integers(len(leaves)))]
        kind = rng.random()
        levels = {"item": pick["item"], "family": "all", "location": "all", "customer": "all"}
        if kind < 0.35:
            levels["location"] = pick["location"]
        elif kind < 0.7:
            levels |= {"item": "all", "family": pick["family"], "customer": pick["customer"]}
        first = horizon[int(rng.integers(8, known + 8))] + pd.Timedelta(
            days=int(rng.integers(0, 20))
        )
        last = first + pd.Timedelta(days=int(rng.integers(9, 35)))
        mean = rates[pick["family"]]
        off = 0.35 * mean * {
            "normal": rng.normal(), "even": rng.uniform(-1.73, 1.73), "skewed": rng.gamma(2.0) / 1.414 - 1.414,
            "same": 0.0,
        }[shape]  # fmt: skip
        uplift = max(mean + off, 0.0)
        cut = (
            round(float(np.clip(USUAL_CUT + 0.2 * off + rng.normal(0, 0.01), 0.01, 0.6)), 2)
            if cuts
            else np.nan
        )
        rows.append({"event": f"E{number:03d}", **levels, "event_kind": "promotion", "start_date": first,
                     "end_date": last, "discount_rate": cut, "uplift_rate": round(uplift * rng.uniform(0.7, 1.6), 2),
                     "owner": f"lead {int(rng.integers(3))}"})  # fmt: skip
        planted.append({"event": f"E{number:03d}", "family": pick["family"], "uplift_rate": uplift,
                        "dip_rate": max(payback * uplift * (1 + 0.25 * rng.normal()), 0.0),
                        "past": first < HISTORY_END + pd.DateOffset(months=1)})  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(planted)


def _factor(leaves, event, planted, horizon):
    factor = np.ones((len(leaves), len(horizon)))
    ends = horizon + pd.offsets.MonthEnd(0)
    for row, plant in zip(event.itertuples(), planted.itertuples(), strict=True):
        touched = np.ones(len(leaves), dtype=bool)
        for name in ("item", "family", "location", "customer"):
            if getattr(row, name) != "all":
                touched &= (leaves[name] == getattr(row, name)).to_numpy()
        months = 0.0
        for column, (begin, end) in enumerate(zip(horizon, ends, strict=True)):
            days = (min(end, row.end_date) - max(begin, row.start_date)).days + 1
            if days > 0:
                months += days / begin.days_in_month
                factor[touched, column] *= 1 + plant.uplift_rate * days / begin.days_in_month
                last = column
        if last + 1 < len(horizon):
            factor[touched, last + 1] *= 1 - plant.dip_rate * min(months, 1.0)
    return factor


def _noise(rng, leaves, span):
    place = pd.factorize(leaves["item"] + leaves["location"])[0]
    family = pd.factorize(leaves["family"])[0]
    size = rng.uniform(0.07, 0.16, place.max() + 1)[place][:, None]
    shared, own = (
        rng.normal(size=(place.max() + 1, span))[place],
        rng.normal(size=(len(leaves), span)),
    )
    common = 0.04 * rng.normal(size=(family.max() + 1, span))[family]
    spread = size * (0.8 * shared + 0.6 * own) + common
    return np.exp(spread - (size**2 + 0.04**2) / 2)


class Sold(NamedTuple):
    """A company with deals, what was planted, and what came of the deals open at AS_OF."""

    line: pd.DataFrame
    stage: pd.DataFrame
    history: pd.DataFrame
    baseline: pd.DataFrame
    win_rate: dict[str, float]  # of deals that enter the stage
    slip_months: float
    come: pd.DataFrame  # item, known_qty (of deals open or won then), later_qty (opened later)


STAGES = ("Lead", "Offer", "Order")


def selling_company(seed: int, *, months: int = 18) -> Sold:
    """Return a company whose deals pass three stages with known chances.

    Items `N*` are new: nothing of them is in the baseline. Items `U*` sold deals all along, so
    their baseline (mean of true demand) holds the usual inflow.
    """
    rng = np.random.default_rng([seed, 78])
    on = rng.uniform(0.35, 0.8, 3)  # chance to pass on from each stage
    win = {"Lead": on.prod(), "Offer": on[1] * on[2], "Order": on[2]}
    pace = rng.uniform(15, 40, 3)
    slow = rng.uniform(1.0, 2.0)  # deals to be lost take longer
    slips = rng.dirichlet([1, 6, 3, 2, 1])  # -1 to 3 months
    start, end = pd.Timestamp("2023-11-01"), AS_OF + pd.DateOffset(months=months)
    count = int(rng.integers(250, 700) * (end - start).days / 1095)
    items = [f"U{i}" for i in range(4)] + [f"N{i}" for i in range(3)]
    lines, steps, truth = [], [], []
    for number in range(count):
        opened = start + pd.Timedelta(days=int(rng.integers((end - start).days)))
        item = items[int(rng.integers(len(items)))]
        if item[0] == "N" and opened < AS_OF - pd.DateOffset(months=9):
            continue
        quantity = round(float(np.exp(rng.normal(4, 0.7))))
        lead = int(rng.integers(40, 260))
        day, path, won = opened, [], True
        for position, stage in enumerate(STAGES):
            path.append((day, stage))
            won = bool(rng.random() < on[position])
            day = day + pd.Timedelta(
                days=1 + round(float(rng.gamma(2, pace[position] / 2)) * (1 if won else slow))
            )
            if not won:
                break
        expected = opened + pd.Timedelta(days=lead + 60)
        delivered = max(
            expected + pd.DateOffset(months=int(rng.choice([-1, 0, 1, 2, 3], p=slips))), day
        )
        code = f"O{number:04d}"
        truth.append(
            {
                "item": item,
                "opened": opened,
                "closed": day,
                "won": won,
                "quantity": quantity,
                "delivered": delivered,
            }
        )
        if opened > AS_OF:
            continue
        steps += [
            {"opportunity": code, "entered_date": when, "stage": stage, "expected_date": expected}
            for when, stage in path
            if when <= AS_OF
        ]
        closed = day <= AS_OF
        lines.append({"opportunity": code, "item": item, "location": "D", "customer": "K",
                      "stage": [stage for when, stage in path if when <= AS_OF][-1], "opened_date": opened,
                      "expected_date": delivered if closed and won else expected, "opportunity_qty": quantity,
                      "win_rate": np.nan, "outcome": ("won" if won else "lost") if closed else "open",
                      "closed_date": day if closed else pd.NaT})  # fmt: skip
    deals = pd.DataFrame(truth)
    come = deals[deals["won"]].assign(
        period=lambda d: d["delivered"].dt.to_period("M").dt.to_timestamp()
    )
    history, baseline = _demand_of_deals(rng, items, come, months)
    ahead = come[(come["delivered"] > AS_OF) & (come["delivered"] <= end)]
    known = ahead["opened"] <= AS_OF
    sums = ahead.assign(
        known_qty=ahead["quantity"].where(known, 0), later_qty=ahead["quantity"].where(~known, 0)
    )
    sums = (
        sums.groupby("item")[["known_qty", "later_qty"]]
        .sum()
        .reindex(items, fill_value=0)
        .reset_index()
    )
    stage = pd.DataFrame(steps)
    return Sold(
        pd.DataFrame(lines), stage, history, baseline, win, float(slips @ [-1, 0, 1, 2, 3]), sums
    )


def _demand_of_deals(rng, items, come, months):
    """History of the U items: an even part and the deals delivered; its mean is their baseline."""
    span = pd.date_range("2024-11-01", HISTORY_END, freq="MS")
    horizon = pd.date_range(HISTORY_END + pd.DateOffset(months=1), periods=months, freq="MS")
    rows, ahead = [], []
    for item in items:
        base = float(rng.uniform(100, 500)) if item[0] == "U" else 0.0
        sold = (
            come[come["item"] == item].groupby("period")["quantity"].sum().reindex(span).fillna(0.0)
        )
        rows.append(
            pd.DataFrame({"item": item, "period": span, "actual_qty": base + sold.to_numpy()})
        )
        usual = rows[-1]["actual_qty"].iloc[-12:].mean() if item[0] == "U" else 0.0
        ahead.append(
            pd.DataFrame({"item": item, "period": horizon, "baseline_qty": usual, "even_qty": base})
        )
    history = pd.concat(rows, ignore_index=True).assign(location="D", customer="K")
    history = history[history["item"].str[0] == "U"].assign(cleaned_qty=lambda h: h["actual_qty"])
    return history, pd.concat(ahead, ignore_index=True).assign(location="D", customer="K")
