"""Print how well the point forecasts do, beside AutoETS, with the bound beside each figure.

    SOPKIT_CASES=... python tests/benchmarks/forecast_accuracy.py [--full]

M3 monthly (whole, by halves, by category), AdventureWorks, generated families, sporadic demand,
what each part earns (left out in turn), CPU. Without --full every sixth series of M3 and small
families. Lower is better everywhere; a ratio under 1 is better than AutoETS.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
from made_series import SMOOTH, Matrix, keep_sporadic, make_smooth, make_sporadic

from sopkit.demand import ensemble
from sopkit.demand.intermittent import forecast_intermittent_values

CASES = Path(os.environ.get("SOPKIT_CASES", "../shared/cases"))
AHEAD, AHEAD_SHORT, AHEAD_SPORADIC = 18, 9, 6
SMOOTH_SEED, SPORADIC_SEEDS = 7100, (7201, 7202, 7203, 7204)
PUBLISHED = """\
published on M3 monthly                                    MASE   sMAPE
  Theta (Makridakis and Hibon 2000; Fiorucci et al. 2016)  0.858  13.85
  ForecastPro (same)                                       0.848  13.86
  DOTM (Fiorucci et al. 2016)                                     13.74
  N-BEATS (Oreshkin et al. 2020; deep, trained on M3)             13.11
  TimeCopilot ensemble; TiRex (their own papers)           0.829; 0.831"""


class Case(NamedTuple):
    """A panel, what AutoETS said about it, and the CPU of both in ms a series."""

    name: str
    panel: Matrix
    ahead: int
    library: Matrix
    own_ms: float
    library_ms: float


def to_case(name: str, panel: Matrix, ahead: int = AHEAD) -> Case:
    """Forecast a panel's last months by AutoETS, and take the time of both."""
    from statsforecast.models import AutoETS

    past, started = panel[:, :-ahead], time.process_time()
    ensemble.forecast_ensemble(past, ahead)
    own, started = time.process_time() - started, time.process_time()
    model = AutoETS(season_length=12)
    told = [model.forecast(y=row[np.isfinite(row)], h=ahead)["mean"] for row in past]
    spent = time.process_time() - started
    return Case(
        name, panel, ahead, np.stack(told), 1e3 * own / len(panel), 1e3 * spent / len(panel)
    )


def mase(points: Matrix, case: Case) -> Matrix:
    """Return each series' mean absolute error / mean change over twelve months of its past."""
    past = case.panel[:, : -case.ahead]
    scale = np.nanmean(np.abs(past[:, 12:] - past[:, :-12]), axis=1)
    return np.abs(points - case.panel[:, -case.ahead :]).mean(axis=1) / np.maximum(scale, 1e-12)


def smape(points: Matrix, case: Case) -> float:
    """Return the symmetric mean absolute percentage error, 0 to 200."""
    came = case.panel[:, -case.ahead :]
    size = np.maximum(np.abs(points) + np.abs(came), 1e-12)
    return float((200 * np.abs(points - came) / size).mean())


def read_m3(step: int) -> tuple[Matrix, np.ndarray]:
    """Return M3 monthly right-aligned and the category of each series."""
    rows = pd.read_parquet(CASES / "m3_monthly/m3_monthly.parquet")
    rows["back"] = -rows.groupby("unique_id").cumcount(ascending=False)
    panel = rows.pivot(index="unique_id", columns="back", values="y").iloc[::step]
    group = rows.groupby("unique_id")["group"].first().reindex(panel.index)
    return panel.to_numpy(dtype=float), group.to_numpy()


def read_adventureworks() -> tuple[Matrix, Matrix]:
    """Return monthly quantities by subcategory and territory (smooth), product and territory."""
    folder = CASES / "adventureworks"
    head = pd.read_csv(folder / "SalesOrderHeader.csv")[
        ["SalesOrderID", "OrderDate", "TerritoryID"]
    ]
    rows = pd.read_csv(folder / "SalesOrderDetail.csv").merge(
        head, on="SalesOrderID", validate="many_to_one"
    )
    product = pd.read_csv(folder / "Product.csv")[["ProductID", "ProductSubcategoryID"]]
    rows = rows.merge(product, on="ProductID", validate="many_to_one")
    rows["month"] = pd.to_datetime(rows["OrderDate"]).dt.to_period("M")

    def sums(keys: list[str]) -> Matrix:
        wide = rows.groupby([*keys, "month"])["OrderQty"].sum().unstack("month", fill_value=0)
        values = wide.sort_index(axis=1).iloc[:, 1:-1].to_numpy(dtype=float)
        return np.where(np.cumsum(values > 0, axis=1) > 0, values, np.nan)

    whole = np.concatenate([sums(["ProductSubcategoryID", "TerritoryID"]), sums(["ProductID"])])
    long = np.isfinite(whole).sum(axis=1) >= 24 + AHEAD_SHORT
    busy = (whole > 0).sum(axis=1) > 0.8 * np.isfinite(whole).sum(axis=1)
    sporadic = np.nan_to_num(sums(["ProductID", "TerritoryID"]))
    alive = sporadic[:, -12 - AHEAD_SPORADIC : -AHEAD_SPORADIC].sum(axis=1) > 0
    return whole[long & busy], keep_sporadic(sporadic[alive])


def print_against_library(cases: list[Case]) -> None:
    """Print MASE, sMAPE, relative bias and CPU of ours and of AutoETS."""
    print(f"\n{'against AutoETS':26}{'n':>6}{'MASE':>8}{'AutoETS':>9}{'ratio':>7}", end="")
    print(f"{'sMAPE':>8}{'AutoETS':>9}{'CPU ms':>8}{'AutoETS':>9}")
    ratios = []
    for case in cases:
        points = ensemble.forecast_ensemble(case.panel[:, : -case.ahead], case.ahead)
        own, library = mase(points, case).mean(), mase(case.library, case).mean()
        ratios.append(own / library)
        print(
            f"{case.name:26}{len(case.panel):6d}{own:8.4f}{library:9.4f}{own / library:7.3f}",
            end="",
        )
        print(f"{smape(points, case):8.2f}{smape(case.library, case):9.2f}", end="")
        print(f"{case.own_ms:8.2f}{case.library_ms:9.1f}")
    mean = float(np.exp(np.mean(np.log(ratios))))
    print(f"{'mean ratio':49}{mean:7.3f}  (bound 0.96); worst {max(ratios):.3f} (bound 1)")
    print("bounds on M3: MASE 0.830, aim 0.818; sMAPE 13.6, aim 13.3")


def print_parts(cases: list[Case]) -> None:
    """Print the change of MASE, in per cent, when a part is left out."""
    members = dict(ensemble.MEMBERS)
    parts = [*members, "error weights", "noise", "level_breaks"]
    print("\nMASE in % more when left out" + "".join(f"{part:>14}" for part in parts))
    sums = np.zeros(len(parts))
    for case in cases:
        whole = mase(ensemble.forecast_ensemble(case.panel[:, : -case.ahead], case.ahead), case)
        left = []
        for name in members:
            ensemble.MEMBERS.pop(name)
            left.append(ensemble.forecast_ensemble(case.panel[:, : -case.ahead], case.ahead))
            ensemble.MEMBERS.clear()
            ensemble.MEMBERS.update(members)
        left.append(forecast_without("weigh_members", share_equally, case))
        left.append(forecast_without("weigh_noise", lambda values: np.zeros(len(values)), case))
        left.append(forecast_without("level_breaks", lambda values: values, case))
        change = np.array([100 * (mase(p, case).mean() / whole.mean() - 1) for p in left])
        sums += change
        print(f"{case.name:28}" + "".join(f"{value:+14.2f}" for value in change))
    print(f"{'mean':28}" + "".join(f"{value:+14.2f}" for value in sums / len(cases)))


def share_equally(values: Matrix) -> Matrix:
    """Return the same weight for every member of the ensemble."""
    return np.full((len(ensemble.MEMBERS), len(values)), 1 / len(ensemble.MEMBERS))


def forecast_without(part: str, instead: Callable[[Matrix], Matrix], case: Case) -> Matrix:
    """Forecast a case with one function of the ensemble put out of action."""
    taken = getattr(ensemble, part)
    try:
        setattr(ensemble, part, instead)
        return ensemble.forecast_ensemble(case.panel[:, : -case.ahead], case.ahead)
    finally:
        setattr(ensemble, part, taken)


def print_sporadic(panels: dict[str, Matrix]) -> None:
    """Print RMSSE and pooled bias of ours, of the library's IMAPA and of the 12-month mean."""
    from statsforecast.models import IMAPA

    print(f"\n{'sporadic demand':26}{'n':>5}{'RMSSE':>8}{'IMAPA':>8}{'mean 12':>9}", end="")
    print(f"{'to better':>11}{'bias':>8}{'IMAPA':>8}{'mean 12':>9}   (bounds 1.010 and 0.10)")
    for name, panel in panels.items():
        past, came = panel[:, :-AHEAD_SPORADIC], panel[:, -AHEAD_SPORADIC:]
        library = [IMAPA().forecast(y=row, h=AHEAD_SPORADIC)["mean"] for row in past]
        mean = np.repeat(past[:, -12:].mean(axis=1)[:, None], AHEAD_SPORADIC, axis=1)
        own = forecast_intermittent_values(past, AHEAD_SPORADIC)
        scale = np.sqrt((np.diff(past, axis=1) ** 2).mean(axis=1))
        told = (own, np.stack(library), mean)
        size = [float((np.sqrt(((t - came) ** 2).mean(axis=1)) / scale).mean()) for t in told]
        bias = [float(t.sum() / came.sum() - 1) for t in told]
        print(f"{name:26}{len(panel):5d}{size[0]:8.3f}{size[1]:8.3f}{size[2]:9.3f}", end="")
        print(f"{size[0] / min(size[1:]):11.3f}{bias[0]:+8.2f}{bias[1]:+8.2f}{bias[2]:+9.2f}")


def main(full: bool) -> None:
    """Print all tables."""
    values, group = read_m3(1 if full else 6)
    smooth, sporadic = read_adventureworks()
    m3 = to_case("M3 monthly", values)
    cases = [m3, to_case("AdventureWorks", smooth, AHEAD_SHORT)]
    for number, family in enumerate(SMOOTH):
        seed, count = SMOOTH_SEED + number, 100 if full else 20
        cases.append(to_case(family, make_smooth(family, count, (36, 60, 96), AHEAD, seed)))
    print(PUBLISHED)
    print_against_library(cases)
    parts = {"M3 odd": np.arange(len(group)) % 2 == 1, "M3 even": np.arange(len(group)) % 2 == 0}
    parts |= {f"M3 {name}": group == name for name in sorted(set(group))}
    print_against_library(
        [m3._replace(name=n, panel=values[r], library=m3.library[r]) for n, r in parts.items()]
    )
    print_parts(cases)
    panels = {"AdventureWorks": sporadic[:: 1 if full else 4]}
    for seed in SPORADIC_SEEDS[: None if full else 2]:
        made = make_sporadic(200, 54, seed)
        panels |= {f"{name} {seed}": panel for name, panel in made.items()}
    print_sporadic(panels)


if __name__ == "__main__":
    main("--full" in sys.argv[1:])
