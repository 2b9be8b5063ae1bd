"""Print how true the stated ranges of uplifts and win rates are, and how unbiased the pipeline.

    python tests/benchmarks/events.py [--full]

Companies are made up (`tests/deal_cases.py`), so what was planted is known. Bounds are printed
beside the figures; shapes: how single events differ from their family's mean.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deal_cases import AS_OF, USUAL_CUT, promoted_company, selling_company

from sopkit.demand.events import compare_events, measure_uplift
from sopkit.demand.pipeline import measure_stages, plan_pipeline

SEED = 4100  # tests use others
SHAPES = (("normal", False), ("even", False), ("skewed", False), ("same", False), ("normal", True))

MEANS = ["uplift_rate", "lo_90_rate", "hi_90_rate"]
DIPS = ["dip_rate", "dip_lo_90_rate", "dip_hi_90_rate"]


def score_uplift(seed: int, shape: str, cuts: bool) -> dict[str, pd.DataFrame]:
    """Return (truth, rate, low, high) of one company: family means, past events, coming events."""
    company = promoted_company(seed, shape=shape, cuts=cuts)
    uplift = measure_uplift(company.history, company.event, company.item, AS_OF)
    families = uplift.merge(company.family, on="family", suffixes=("", "_true"))
    families = families[families["event_count"] > 0]
    if cuts:  # planted means hold at the usual cut, measured ones at the family's own
        off = USUAL_CUT - families["discount_rate"]
        for effect, names in (("uplift", MEANS), ("dip", DIPS)):
            step = families[f"{effect}_per_discount_rate"] * off
            families[names] = families[names].add(step, axis=0)
    past = compare_events(company.history, company.event, company.item, AS_OF).merge(
        company.planted, on=["event", "family"]
    )
    coming = company.planted[~company.planted["past"]].merge(
        company.event[["event", "discount_rate"]], on="event"
    )
    coming = coming.merge(uplift, on="family", suffixes=("_true", ""))
    cut = (coming["discount_rate_true"] - coming["discount_rate"]).fillna(0.0)
    moved = coming["uplift_per_discount_rate"] * cut
    return {
        "family mean": _four(
            families, "uplift_rate_true", "uplift_rate", "lo_90_rate", "hi_90_rate"
        ),
        "dip, family mean": _four(families, "dip_rate_true", *DIPS),
        "past event": _four(
            past, "uplift_rate", "realised_uplift_rate", "lo_90_rate", "hi_90_rate"
        ).dropna(),
        "coming event": pd.DataFrame(
            {
                "truth": coming["uplift_rate_true"],
                "rate": coming["uplift_rate"] + moved,
                "low": coming["event_lo_90_rate"] + moved,
                "high": coming["event_hi_90_rate"] + moved,
            }
        ),
    }


def _four(frame: pd.DataFrame, truth: str, rate: str, low: str, high: str) -> pd.DataFrame:
    return frame[[truth, rate, low, high]].set_axis(["truth", "rate", "low", "high"], axis=1)


def tell(name: str, rows: pd.DataFrame, bound: str = "") -> None:
    """Print cover, width and bias of one kind of range."""
    inside = rows["truth"].between(rows["low"], rows["high"]).mean()
    width = ((rows["high"] - rows["low"]) / rows["truth"].where(rows["truth"] > 0)).median()
    bias = rows["rate"].mean() / rows["truth"].mean() - 1
    print(
        f"{name:32} n {len(rows):5}  covers {inside:6.1%}  width/true {width:5.2f}  bias {bias:+6.1%}  {bound}"
    )


def score_pipeline(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return win rates (truth, rate, low, high) and, by item, what was planned and what came."""
    sold = selling_company(seed)
    stages = measure_stages(sold.line, sold.stage, AS_OF)
    rates = stages.rates.set_index("stage")
    told = pd.DataFrame({"truth": sold.win_rate}).join(
        rates[["win_rate", "lo_90_rate", "hi_90_rate"]].set_axis(["rate", "low", "high"], axis=1)
    )
    plan = plan_pipeline(sold.line, sold.stage, stages, sold.baseline, sold.history, AS_OF)
    even = sold.baseline.groupby("item")[["baseline_qty", "even_qty"]].sum().reset_index()
    items = sold.come.merge(even, on="item").merge(
        plan.inflow[["item", "expected_qty", "held_qty", "pipeline_qty"]], on="item", how="left"
    )
    return told, items.fillna(0.0)


def main(full: bool) -> None:
    """Print all figures."""
    began = time.process_time()
    companies = 25 if full else 5
    pooled: dict[str, list[pd.DataFrame]] = {}
    for number, (shape, cuts) in enumerate(SHAPES):
        found: dict[str, list[pd.DataFrame]] = {}
        for seed in range(companies):
            for kind, rows in score_uplift(SEED + 1000 * number + seed, shape, cuts).items():
                found.setdefault(kind, []).append(rows)
                pooled.setdefault(kind, []).append(rows)
        print(
            f"-- events differ: {shape}{', price cuts known' if cuts else ''}; {companies} companies"
        )
        for kind, parts in found.items():
            tell(kind, pd.concat(parts))
    print("-- all")
    for kind, parts in pooled.items():
        bound = "[86-94 %; width at most 0.50]" if kind == "family mean" else "[86-94 %]"
        tell(kind, pd.concat(parts), bound)
    scored = [score_pipeline(SEED + seed) for seed in range(200 if full else 40)]
    print(f"-- pipeline; {len(scored)} companies")
    tell("win rate by stage", pd.concat([told for told, _ in scored]), "[86-94 %]")
    items = pd.concat([rows for _, rows in scored])
    new = items[items["item"].str[0] == "N"].sum(numeric_only=True)
    usual = items[items["item"].str[0] == "U"].sum(numeric_only=True)
    print(
        f"planned / came, deals of all items      {items['expected_qty'].sum() / items['known_qty'].sum() - 1:+6.1%}  [+-5 %]"
    )
    print(
        f"planned / came, new items               {new['pipeline_qty'] / new['known_qty'] - 1:+6.1%}  [+-5 %]"
    )
    come = usual["even_qty"] + usual["known_qty"] + usual["later_qty"]
    for name, planned in (
        ("baseline alone", 0.0),
        ("with pipeline", usual["pipeline_qty"]),
        ("counted twice", usual["expected_qty"]),
    ):
        print(
            f"items with usual inflow, {name:15} {(usual['baseline_qty'] + planned) / come - 1:+6.1%}  {'[+-5 %]' if name == 'with pipeline' else ''}"
        )
    print(f"CPU {time.process_time() - began:.0f} s")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main("--full" in sys.argv)
