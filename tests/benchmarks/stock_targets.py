"""Do stock targets bring the service asked for, and with how much stock? Replenishment simulated.

    python tests/benchmarks/stock_targets.py [--full]

Daily demand of generated item-locations whose forecast errors are known by construction: noise,
whole months off, too high, too low, skewed, autocorrelated, a level that walks, and places each
with its own bias (-25 to +30 %) and its own size of error. Targets come from
a past of 60 months (`target_stock`), then 48 months are lived through: every `review` days up to
the forecast of the protection time plus safety stock is ordered, goods come `lead` days later,
what is short waits. Service: share of replenishments without stock-out; fill: share of demand
served at once. Sigma: safety stock = k x standard deviation of monthly demand x sqrt(tau), k
set so that the same service comes out; plain: one quantile for all places. Stock is the mean on
hand, in days of demand. --full takes three seeds, else one.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.inventory import pool_errors, sum_errors, target_stock
from sopkit.periods import DAYS_PER_MONTH
from sopkit.tables import TABLES

SEEDS = (711, 712, 713)  # tests use others
PLACES, PAST, LIVED, LAGS, DAYS = 40, 60, 48, 6, 30
KINDS = (
    "noise",
    "months off",
    "too high",
    "too low",
    "skewed",
    "autocorrelated",
    "walk",
    "each its own",
)
TIMES = ((3, 7), (30, 15), (61, 30))
LEVELS = (0.90, 0.95, 0.98)
FEW, MANY = "3 cutoffs", "36 cutoffs"
FIRST = pd.Timestamp("2018-01-01")


@dataclass(frozen=True)
class World:
    """`daily`: places x days of demand; `said`: places x cutoffs x lags, forecasts a month."""

    daily: np.ndarray
    said: np.ndarray

    @property
    def monthly(self) -> np.ndarray:
        """Return places x months."""
        return self.daily.reshape(len(self.daily), -1, DAYS).sum(axis=2)


def make_world(kind: str, seed: int, places: int = PLACES) -> World:
    """Return demand and forecasts; usual errors differ threefold between places."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    months = PAST + LIVED + LAGS
    size = rng.uniform(0.5, 1.5, (places, 1))
    turn = 2 * np.pi * (np.arange(months) + rng.uniform(0, 12, (places, 1))) / 12
    season = 1 + rng.uniform(0.1, 0.5, (places, 1)) * np.sin(turn)
    level = rng.lognormal(7, 0.5, (places, 1)) * np.ones((places, months))
    off = np.ones((places, months))
    day_cv = 0.6 * size
    if kind in ("noise", "skewed"):
        day_cv = (1.4 if kind == "noise" else 2.5) * size
    elif kind == "months off":
        off = 1 + 0.25 * size * rng.normal(size=off.shape)
    elif kind == "autocorrelated":
        drift = np.zeros((places, months))
        for month in range(1, months):
            drift[:, month] = 0.8 * drift[:, month - 1] + rng.normal(0, 0.15, places)
        off = 1 + drift * size
    elif kind == "each its own":
        size = rng.lognormal(0, 0.6, (places, 1))
        off = (1 + 0.15 * size * rng.normal(size=off.shape)) * rng.uniform(0.75, 1.3, (places, 1))
        day_cv = size
    elif kind == "walk":
        level = level * np.exp((0.08 * size * rng.normal(size=off.shape)).cumsum(axis=1))
    bias = {"too high": 0.8, "too low": 1.25}.get(kind, 1.0)
    mean = level * season * off.clip(min=0.05) * bias / DAYS
    shape = 1 / np.repeat(day_cv, months * DAYS, axis=1) ** 2
    daily = np.repeat(mean, DAYS, axis=1) * rng.gamma(shape) / shape
    known = np.concatenate([level[:, :1], level[:, :-1]], axis=1)
    seen = np.stack(
        [known * np.roll(season, -lag, axis=1) for lag in range(LAGS)], axis=2
    )  # at the start of month m: the level of the month before x the season to come
    return World(daily, seen)


def to_backtest(world: World, cutoffs: int, step: int) -> pd.DataFrame:
    """Return contract `backtest` of the past, newest cutoff six months before its end."""
    monthly, count = world.monthly, len(world.daily)
    parts = []
    for start in range(PAST - LAGS, PAST - LAGS - cutoffs * step, -step):
        for lag in range(LAGS):
            parts.append(
                pd.DataFrame(
                    {
                        "item": [f"I{n:03}" for n in range(count)],
                        "location": "D",
                        "cutoff": FIRST + pd.DateOffset(months=start - 1),
                        "period": FIRST + pd.DateOffset(months=start + lag),
                        "lag": lag,
                        "forecast_qty": world.said[:, start, lag],
                        "naive_qty": 0.0,
                        "actual_qty": monthly[:, start + lag],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def ask_targets(
    backtest: pd.DataFrame, lead: float, review: float, level: float, goal: str = "service", sd=0.0
) -> np.ndarray:
    """Return safety stock / forecast of the protection time of each place."""
    names = sorted(backtest["item"].unique())
    places = pd.DataFrame({"item": names, "location": "D"})
    periods = pd.date_range("2030-01-01", periods=1, freq="MS", name="period")
    column = "fill_rate" if goal == "fill" else "service_level_rate"
    made = target_stock(
        places.assign(period=periods[0], demand_qty=100.0),
        backtest,
        places.assign(abc="A", pattern="smooth", strategy="MTS", revenue_value=1.0),
        places.assign(lead_time_days=float(lead), lead_time_sd_days=float(sd)),
        pd.concat([TABLES["stock_policy"].empty(), pd.DataFrame([{
            "item": "all", "location": "all", "abc": "all", column: level,
        }])]).astype({"safety_stock_qty": float}),
        periods,
        review_days=review,
    )  # fmt: skip
    return made["error_rate"].to_numpy(float)


def forecast_windows(world: World, lead: int, review: int) -> tuple[np.ndarray, np.ndarray]:
    """Return review days and the forecast of the tau after each (places x reviews)."""
    tau, days = lead + review, np.arange(PAST * DAYS, (PAST + LIVED) * DAYS - 1, review)
    ahead = np.zeros((len(world.daily), len(days)))
    for at, day in enumerate(days):
        month, gone = divmod(int(day), DAYS)
        share = np.clip((tau + gone - np.arange(LAGS) * DAYS) / DAYS, 0, 1)
        share[0] -= gone / DAYS
        ahead[:, at] = world.said[:, month, :] @ share
    return days, ahead


def live(
    world: World, lead: int, review: int, safety: np.ndarray, sd: float = 0.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each place's service, fill and mean stock in days of demand.

    Args:
        safety: places x reviews.
        sd: standard deviation of lead times in days.
    """
    days, ahead = forecast_windows(world, lead, review)
    rng = np.random.default_rng([seed, 9])
    count, last = len(world.daily), len(days)
    level = ahead + safety
    net = level[:, 0].copy()
    position = net.copy()
    arriving = np.zeros((count, int(days[-1]) + 2 * lead + review + 40))
    arrives = np.zeros(arriving.shape[1], bool)
    good, cycles, clean = np.zeros(count), 0, np.ones(count, bool)
    short, held, wanted = np.zeros(count), np.zeros(count), np.zeros(count)
    warm, turn = days[0] + lead + review, 0
    for day in range(int(days[0]), int(days[-1])):
        if turn < last and day == days[turn]:
            order = np.maximum(level[:, turn] - position, 0)
            late = round(float(np.clip(rng.normal(0, sd), -lead, 2 * lead))) if sd else 0
            arriving[:, day + lead + late] += order
            arrives[day + lead + late] = True
            position += order
            turn += 1
        if arrives[day]:
            if day > warm:
                good, cycles = good + clean, cycles + 1
            clean = np.ones(count, bool)
        net += arriving[:, day]
        asked = world.daily[:, day]
        missed = np.clip(asked - np.maximum(net, 0), 0, None)
        net, position = net - asked, position - asked
        clean &= missed <= 1e-9
        if day >= warm:
            short, held, wanted = short + missed, held + np.maximum(net, 0), wanted + asked
    spent = days[-1] - warm
    return good / max(cycles, 1), 1 - short / wanted, held / spent / (wanted / spent)


def match(
    world: World, lead: int, review: int, safety: np.ndarray, service: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what `live` returns when safety stock is multiplied to give that mean service."""
    low, high = -3.0, 6.0
    for _ in range(10):
        middle = (low + high) / 2
        reached = live(world, lead, review, middle * safety)[0].mean()
        low, high = (middle, high) if reached < service else (low, middle)
    return live(world, lead, review, high * safety)


def show_service(seeds: tuple[int, ...]) -> None:
    """Print service reached against asked, by kind, protection time and length of backtest."""
    print("Service reached, mean over places (the lowest tenth of places); asked:")
    head = "".join(f"{level:>16.0%}" for level in LEVELS)
    print(f"{'kind':16}{'lead+review':>12}  {'backtest':11}{head}   stock, days")
    for kind in KINDS:
        for lead, review in TIMES:
            for name, cutoffs, step in ((MANY, 36, 1), (FEW, 3, 4)):
                cells, stock = [], []
                for level in LEVELS:
                    found = [
                        live_target(kind, seed, lead, review, level, cutoffs, step)
                        for seed in seeds
                    ]
                    service = np.concatenate([one[0] for one in found])
                    low = np.sort(service)[: len(service) // 10].mean()
                    cells.append(f"{service.mean():8.1%} ({low:4.0%})")
                    stock.append(np.mean([one[2].mean() for one in found]))
                told = "".join(f"{cell:>16}" for cell in cells)
                print(f"{kind:16}{f'{lead}+{review}':>12}  {name:11}{told}   "
                      + " ".join(f"{one:5.1f}" for one in stock))  # fmt: skip


def live_target(
    kind: str, seed: int, lead: int, review: int, level: float, cutoffs: int, step: int,
    goal: str = "service",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return what `target_stock` brings in one world."""
    world = make_world(kind, seed)
    rate = ask_targets(to_backtest(world, cutoffs, step), lead, review, level, goal)
    _, ahead = forecast_windows(world, lead, review)
    return live(world, lead, review, rate[:, None] * ahead)


def show_fill(seeds: tuple[int, ...]) -> None:
    """Print fill reached against asked."""
    print("\nFill reached, mean over places; asked 95 % and 98 % (36 cutoffs)")
    for kind in KINDS:
        cells = []
        for lead, review in TIMES:
            for level in (0.95, 0.98):
                found = [live_target(kind, s, lead, review, level, 36, 1, "fill") for s in seeds]
                cells.append(np.mean([one[1].mean() for one in found]))
        pairs = zip(TIMES, cells[::2], cells[1::2], strict=True)
        print(f"{kind:16}" + "   ".join(f"{t[0]}+{t[1]}: {a:6.1%} {b:6.1%}" for t, a, b in pairs))


def show_stock(seeds: tuple[int, ...]) -> None:
    """Print stock held at equal service: target_stock, sigma of demand, one quantile for all."""
    print("\nAsked 95 %: service (lowest tenth of places) and days of stock held; sigma and plain "
          "matched to the same mean service; sigma as the book has it (k = 1.645)")  # fmt: skip
    names = ("targets", "sigma", "plain", "sigma 1.645")
    print(f"{'kind':16}{'lead+review':>12}  {'backtest':11}"
          + "".join(f"{name:>22}" for name in names) + f"{'vs sigma':>10}{'vs plain':>10}")  # fmt: skip
    backtests = ((MANY, 36, 1), (FEW, 3, 4), (FEW, 3, 4))
    for kind in KINDS:
        for (lead, review), (name, cutoffs, step) in zip(TIMES, backtests, strict=True):
            found = [hold_stock(kind, seed, lead, review, cutoffs, step) for seed in seeds]
            mean = np.mean(found, axis=0)
            cells = "".join(f"{a:9.1%} ({b:4.0%}){c:6.1f}" for a, b, c in mean)
            stock = mean[:, 2]
            print(f"{kind:16}{f'{lead}+{review}':>12}  {name:11}{cells}"
                  f"{stock[0] / stock[1] - 1:10.0%}{stock[0] / stock[2] - 1:10.0%}")  # fmt: skip


def hold_stock(
    kind: str, seed: int, lead: int, review: int, cutoffs: int, step: int
) -> list[tuple[float, float, float]]:
    """Return service, the lowest tenth's service and stock of the four rules."""
    world = make_world(kind, seed)
    backtest = to_backtest(world, cutoffs, step)
    days, ahead = forecast_windows(world, lead, review)
    rate = ask_targets(backtest, lead, review, 0.95)
    own = live(world, lead, review, rate[:, None] * ahead)
    sigma = world.monthly[:, :PAST].std(axis=1) * np.sqrt((lead + review) / DAYS_PER_MONTH)
    sigma = np.repeat(sigma[:, None], len(days), axis=1)
    errors = sum_errors(backtest, (lead + review) / DAYS_PER_MONTH)["error_rate"]
    one = max(float(np.quantile(errors, 0.95)), 0.01)
    service = own[0].mean()
    rules = (
        own,
        match(world, lead, review, sigma, service),
        match(world, lead, review, one * ahead, service),
        live(world, lead, review, 1.645 * sigma),
    )
    tenth = len(world.daily) // 10
    return [(a.mean(), np.sort(a)[:tenth].mean(), c.mean()) for a, _, c in rules]


def show_lateness(seeds: tuple[int, ...]) -> None:
    """Print service with varying lead times, drawn with the errors and left out."""
    print("\nLead times vary (30 days, sd 8), review 15, kind noise; service drawn / left out")
    for level in LEVELS:
        cells = []
        for sd in (8.0, 0.0):
            reached = []
            for seed in seeds:
                world = make_world("noise", seed)
                rate = ask_targets(to_backtest(world, 36, 1), 30, 15, level, sd=sd)
                _, ahead = forecast_windows(world, 30, 15)
                reached.append(live(world, 30, 15, rate[:, None] * ahead, 8.0, seed)[0].mean())
            cells.append(np.mean(reached))
        print(f"asked {level:.0%}: {cells[0]:6.1%} / {cells[1]:6.1%}")


def show_pooling(seeds: tuple[int, ...]) -> None:
    """Print service at a plant that feeds ten places: paths added up, and sqrt(n)."""
    print("\nA plant feeds ten DCs, tau one month, asked 95 %: months covered, and safety stock / "
          "sum of the DCs'")  # fmt: skip
    for share in (0.0, 0.5, 0.9):
        rows = []
        for seed in seeds:
            rng = np.random.default_rng([seed, 77])
            months, dcs = 400, 10
            together = rng.normal(size=(months, 1)) * np.sqrt(share)
            error = 0.3 * (together + rng.normal(size=(months, dcs)) * np.sqrt(1 - share))
            rows.append(_cover_plant(error))
        paths, root, size, rooted = np.mean(rows, axis=0)
        print(f"correlation {share:.1f}: paths {paths:.1%} with {size:.0%}, "
              f"sqrt(n) {root:.1%} with {rooted:.0%}")  # fmt: skip


def _cover_plant(error: np.ndarray) -> tuple[float, float, float, float]:
    """Return months covered by paths and by sqrt(n), and what each holds of the DCs' sum."""
    past, dcs = 60, error.shape[1]
    month = pd.date_range("1990-01-01", periods=past, freq="MS")
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "item": "A",
                    "location": f"D{dc}",
                    "cutoff": month,
                    "period": month + pd.DateOffset(months=1),
                    "lag": 0,
                    "forecast_qty": 100.0,
                    "actual_qty": 100 * (1 + error[:past, dc]),
                }
            )
            for dc in range(dcs)
        ]
    )
    feeds = pd.DataFrame(
        {
            "item": "A",
            "location": "P",
            "to_item": "A",
            "to_location": [f"D{dc}" for dc in range(dcs)],
            "unit_qty": 1.0,
        }
    )
    pooled = sum_errors(pool_errors(rows, feeds), 1.0)["error_rate"].to_numpy()
    own = np.array([np.sort(error[:past, dc])[57] for dc in range(dcs)])  # rank ceil(61 x 0.95)
    safety = np.sort(pooled)[57] * 100 * dcs
    rooted = 100 * own.sum() / np.sqrt(dcs)
    came = 100 * error[past:].sum(axis=1)
    whole = 100 * own.sum()
    return (came <= safety).mean(), (came <= rooted).mean(), safety / whole, rooted / whole


def main(full: bool) -> None:
    """Print all tables."""
    started, seeds = time.process_time(), SEEDS if full else SEEDS[:1]
    show_service(seeds)
    show_fill(seeds)
    show_stock(seeds)
    show_lateness(seeds)
    show_pooling(seeds)
    print(f"{time.process_time() - started:.0f} CPU s")


if __name__ == "__main__":
    main("--full" in sys.argv)
