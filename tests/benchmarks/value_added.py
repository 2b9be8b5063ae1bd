"""Do the verdicts on value added hold? Planted effects of +4, -4 and 0 points of WAPE.

    python tests/benchmarks/value_added.py [--full]

Each company has 12 cycles x 200 items, planned one month ahead: lognormal volumes, a season, noise
of 20 to 45 % by item, month-wide shocks. Statistics misses by what cannot be known and by an error
of its own; a stream's own error is set so that its expected WAPE is 4 points lower, 4 points
higher or the same. Two kinds of stream: one that starts from statistics and changes it, and (hard)
one that knows nothing of it, so that their errors differ cell by cell. Counted as right:

- +4 points: keep; -4 points: drop
- 0: no_difference or too_few (not enough data); both shares are shown, and false keep or drop
- 3 cycles, or 2 items in 6 cycles: too_few

Under stress, where all errors of a stream grow and shrink together for months on end, no interval
from a dozen months can hold its promise; the rows show by how much it fails.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from sopkit import accuracy

BENCHMARK_SEED = 9202  # tests and development use others
CYCLES, ITEMS = 12, 200
OWN_ERROR = 0.25
CHUNK = 100


def find_own_error(points: float) -> float:
    """Return the stream's own error that moves the expected WAPE by `points`, by bisection."""
    rng = np.random.default_rng(4)
    noise, size = _draw_noise(rng, 4000)
    surprise = rng.normal(size=(50, 4000)) * noise
    own = rng.normal(size=(50, 4000))

    came = np.exp(surprise + 0.05 * rng.normal(size=(50, 1))) * size

    def wape(error: float) -> float:
        return float(np.abs(np.exp(error * own) * size - came).sum() / came.sum())

    wanted, low, high = wape(OWN_ERROR) - points, 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if wape(middle) < wanted else (low, middle)
    return (low + high) / 2


def _draw_noise(rng: np.random.Generator, items: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.uniform(0.20, 0.45, items), rng.lognormal(0, 1.0, items)


def draw_cells(
    rng: np.random.Generator,
    own_error: float,
    *,
    cycles: int = CYCLES,
    items: int = ITEMS,
    likeness: float = 0.0,
    restless: float = 0.0,
    apart: bool = False,
) -> pd.DataFrame:
    """Return the cells of one company's stream.

    Args:
        own_error: deviation of the stream's own error (statistics: OWN_ERROR).
        likeness: serial correlation of the months' common shocks.
        restless: how much the size of the stream's errors moves from month to month, together.
        apart: the stream's errors have nothing to do with those of statistics.
    """
    noise, size = _draw_noise(rng, items)
    season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(cycles) + rng.integers(12)) / 12)
    level = season[:, None] * size[None, :] * 100
    shock, mood = _draw_shock(rng, cycles, 0.0), _draw_shock(rng, cycles, likeness)
    surprise = noise * rng.normal(size=(cycles, items)) + 0.05 * shock[:, None]
    own = rng.normal(size=(cycles, items))
    other = rng.normal(size=(cycles, items)) if apart else own
    actual = level * np.exp(surprise)
    frame = {
        "period": np.repeat(pd.date_range("2025-01-01", periods=cycles, freq="MS"), items),
        "item": np.tile(np.arange(items), cycles),
        "forecast_qty": (
            level * np.exp(own_error * (1 + restless * mood[:, None]) * other)
        ).ravel(),
        "reference_qty": (level * np.exp(OWN_ERROR * own)).ravel(),
        "actual_qty": actual.ravel(),
    }
    return pd.DataFrame(frame)


def _draw_shock(rng: np.random.Generator, months: int, likeness: float) -> np.ndarray:
    """Return standard normal shocks, each like the one before it."""
    shock = rng.normal(size=months)
    for month in range(1, months):
        shock[month] *= np.sqrt(1 - likeness**2)
        shock[month] += likeness * shock[month - 1]
    return shock


def count_verdicts(runs: int, seed: int, points: float, **shape: object) -> pd.Series:
    """Return the share of each verdict over so many companies."""
    rng = np.random.default_rng([BENCHMARK_SEED, seed])
    own_error = OWN_ERROR if points == 0 else find_own_error(points)
    parts = []
    for _ in range(0, runs, CHUNK):
        companies = [
            draw_cells(rng, own_error, **shape).assign(company=number)  # type: ignore[arg-type]
            for number in range(CHUNK)
        ]
        parts.append(accuracy.measure_value(pd.concat(companies), ["company"]))
    value = pd.concat(parts)
    words = ["keep", "drop", "no_difference", "too_few"]
    shares = value["verdict"].value_counts(normalize=True).reindex(words, fill_value=0.0)
    truth = value["lo_95_rate"].le(points) & value["hi_95_rate"].ge(points)
    width = (value["hi_95_rate"] - value["lo_95_rate"]).median()
    return pd.concat([shares, pd.Series({"covers": truth.mean(), "width": width})])


def main(runs: int) -> None:
    """Print the table."""
    print(f"{runs} companies a row; 12 cycles x 200 items unless said; 95 % interval")
    print(
        f"{'case':46}{'keep':>7}{'drop':>7}{'nodiff':>7}{'few':>7}{'covers':>8}{'width':>7}  bound"
    )
    restless = {"apart": True, "restless": 0.2}
    cases = [
        ("+4 points, stream changes statistics", 0.04, {}, "keep >= 95 %"),
        ("-4 points, stream changes statistics", -0.04, {}, "drop >= 95 %"),
        ("+4 points, errors apart (hard)", 0.04, {"apart": True}, "keep >= 95 %"),
        ("-4 points, errors apart (hard)", -0.04, {"apart": True}, "drop >= 95 %"),
        ("0, errors apart", 0.0, {"apart": True}, "keep + drop <= 5 %"),
        ("0, errors apart, 12 cycles x 40 items", 0.0, {"apart": True, "items": 40}, "<= 5 %"),
        ("0, errors apart, 24 cycles", 0.0, {"apart": True, "cycles": 24}, "<= 5 %"),
        ("0, errors apart, 6 cycles", 0.0, {"apart": True, "cycles": 6}, "<= 5 %"),
        ("0, restless months", 0.0, {**restless, "likeness": 0.0}, "<= 5 %"),
        ("0, restless months alike 0.3", 0.0, {**restless, "likeness": 0.3}, "(stress)"),
        ("0, restless months alike 0.6", 0.0, {**restless, "likeness": 0.6}, "(stress)"),
        ("+4 points, 3 cycles", 0.04, {"cycles": 3}, "too_few 100 %"),
        ("+4 points, 6 cycles x 2 items", 0.04, {"cycles": 6, "items": 2}, "too_few 100 %"),
    ]
    for seed, (name, points, shape, bound) in enumerate(cases):
        got = count_verdicts(runs, seed, points, **shape)
        shares = "".join(f"{got[word]:7.1%}" for word in got.index[:4])
        print(
            f"{name:46}{shares}{got['covers']:8.1%}{got['width'] * 100:6.1f}p  {bound}", flush=True
        )


if __name__ == "__main__":
    main(2000 if "--full" in sys.argv else 300)
