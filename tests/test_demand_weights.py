"""How far people draw the baseline: learned from what they were worth, freed of their bias."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import table
from test_demand_baseline import history

from sopkit import accuracy
from sopkit.demand.streams import apply_streams, compare_streams
from sopkit.demand.weights import learn_weights, replay_streams, summarise_rule
from sopkit.tables import ALL, TABLES, check_table

MONTHS = pd.date_range("2024-01-01", periods=18, freq="MS")
ITEM = check_table(table("item family", "A Water", "B Water"), TABLES["item"])


def compared(seed: int, months: int = 18, items: int = 30, **streams) -> pd.DataFrame:
    """Return cells of lag 0: each stream is a function of (actual, reference, rng)."""
    rng = np.random.default_rng(seed)
    shape = (months, items)
    expected = 100 * rng.lognormal(0, 0.5, items) * np.ones(shape)
    actual = expected * np.exp(0.2 * rng.normal(size=shape))
    reference = expected * np.exp(0.1 * rng.normal(size=shape))
    blocks = []
    for name, tell in streams.items():
        axes = np.indices(shape)
        frame = {
            "period": MONTHS[axes[0].ravel()],
            "item": [f"I{item:03d}" for item in axes[1].ravel()],
            "forecast_qty": np.maximum(tell(actual, reference, rng), 0).ravel(),
            "reference_qty": reference.ravel(),
            "actual_qty": actual.ravel(),
        }
        blocks.append(pd.DataFrame(frame).assign(stream=name, owner=name.title(), lag=0))
    cells = pd.concat(blocks, ignore_index=True)
    return cells.assign(
        cycle=cells["period"].dt.strftime("%Y-%m"), family=ALL, location="D", customer=ALL
    )


def weights(cells: pd.DataFrame, most: float = 1.0, **options) -> dict[str, float]:
    rule = learn_weights(cells, most, **options)
    return rule.set_index("stream")["weight_rate"].to_dict()


def knows(share):
    return lambda actual, reference, rng: reference + share * (actual - reference)


def guesses(spread):
    return lambda actual, reference, rng: reference * np.exp(spread * rng.normal(size=actual.shape))


def too_high(share, rate):
    return lambda actual, reference, rng: (1 + rate) * knows(share)(actual, reference, rng)


def half_knows(actual, reference, rng):
    return knows(0.3)(actual, reference, rng) * np.exp(0.15 * rng.normal(size=actual.shape))


def test_a_stream_that_knows_is_followed_and_one_that_guesses_is_not():
    got = weights(compared(1, good=knows(0.6), noise=guesses(0.2)))
    assert got["good"] == pytest.approx(1.0, abs=0.02)
    assert got["noise"] < 0.02


def test_no_stream_weighs_more_than_the_parameter_and_all_of_them_one():
    cells = compared(2, one=knows(0.5), two=knows(0.4))
    assert max(weights(cells, 0.4).values()) == pytest.approx(0.4)
    assert sum(weights(cells, 1.0).values()) <= 1.0 + 1e-6
    assert set(weights(cells, 0.0).values()) == {0.0}


def test_bias_is_taken_off_before_blending():
    rule = learn_weights(compared(3, hope=too_high(0.7, 0.15)), 1.0)
    assert rule["bias_used_rate"].iloc[0] == pytest.approx(0.15, abs=0.02)
    assert rule["bias_used_rate"].iloc[0] < rule["bias_rate"].iloc[0]
    assert rule["weight_rate"].iloc[0] > 0.9
    assert rule["source"].tolist() == ["learned"]


def test_few_months_weigh_nothing_and_a_restless_stream_little():
    young = learn_weights(compared(4, months=5, good=knows(0.6)), 1.0)
    assert young[["weight_rate", "source"]].to_numpy().tolist() == [[0.0, "too_few"]]
    thin = weights(compared(5, months=6, items=3, good=half_knows))["good"]
    assert thin < weights(compared(5, months=18, items=30, good=half_knows))["good"]


def test_the_planner_may_refuse_or_fix_a_weight():
    cells = compared(6, good=knows(0.6), fair=knows(0.4))
    fixed = table("stream owner weight_rate", "good all 0", "new Nora 0.3")
    rule = learn_weights(cells, 0.5, fixed=fixed).set_index("stream")
    assert rule["weight_rate"].to_dict() == {"fair": 0.5, "good": 0.0, "new": 0.3}
    assert rule["source"].to_dict() == {"fair": "learned", "good": "refused", "new": "fixed"}
    only = learn_weights(cells, 0.5, fixed=table("stream owner weight_rate", "good Good 0.9"))
    assert only.set_index("stream")["weight_rate"].to_dict() == pytest.approx(
        {"fair": 0.1, "good": 0.9}, abs=1e-6
    )


def test_two_that_say_the_same_do_not_count_twice():
    cells = compared(7, one=knows(0.8), two=knows(0.8))
    assert sum(weights(cells).values()) == pytest.approx(1.0, abs=0.02)


def test_a_replay_learns_only_from_what_was_known():
    cells = compared(8, good=knows(0.6))
    got = replay_streams(cells, 1.0)
    early = got["period"] < MONTHS[6]
    assert (got.loc[early, "consensus_qty"] == got.loc[early, "reference_qty"]).all()
    assert (got["without_qty"] == got["reference_qty"]).all()
    changed = cells.assign(actual_qty=cells["actual_qty"].where(cells["period"] < MONTHS[12], 1e6))
    again = replay_streams(changed, 1.0)
    same = got["period"] < MONTHS[12]
    assert np.allclose(got.loc[same, "consensus_qty"], again.loc[same, "consensus_qty"])


def lost(seed: int, **streams) -> float:
    """Return by how much the consensus, each month learned before it, misses more."""
    blended = replay_streams(compared(seed, **streams), 1.0).drop_duplicates(["cycle", "item"])
    late = blended[blended["period"] >= MONTHS[6]]
    wape = accuracy.wape(late["consensus_qty"], late["actual_qty"])
    return wape - accuracy.wape(late["reference_qty"], late["actual_qty"])


def test_people_who_know_nothing_do_not_make_the_consensus_worse():
    idle = {
        "noise": guesses(0.2),
        "hope": too_high(0.0, 0.15),
        "copy": knows(0.0),
        "bad": guesses(0.5),
    }
    losses = [lost(seed, **idle) for seed in range(20, 28)]
    assert np.mean(losses) < 0.001
    assert max(losses) < 0.003


def test_people_who_know_something_make_it_better():
    gains = [-lost(seed, good=half_knows, noise=guesses(0.2)) for seed in range(40, 44)]
    assert min(gains) > 0.003


def test_the_rule_is_summed_up_to_be_shown():
    cells = pd.concat([compared(9, good=knows(0.6)), compared(9, good=knows(0.6)).assign(lag=1)])
    shown = summarise_rule(learn_weights(cells, 0.5))
    assert shown[
        ["stream", "owner", "cell_count", "weight_rate", "source"]
    ].to_numpy().tolist() == [["good", "Good", 1080, 0.5, "learned"]]


def test_no_cells_give_an_empty_rule():
    none = compared(1, good=knows(0.6)).iloc[:0]
    assert learn_weights(none, 0.5).empty
    assert replay_streams(none, 0.5).empty
    assert summarise_rule(learn_weights(none, 0.5)).empty


def streams(*rows):
    raw = table("cycle stream owner item family location customer period forecast_qty", *rows)
    return check_table(raw, TABLES["forecast_stream"])


def test_what_the_baseline_said_then_is_the_reference_where_it_is_known():
    rows = streams(
        "2026-03 sales North all Water all all 2026-04 100",
        "2026-04 sales North A all D all 2026-04 45",
    )
    said = table(
        "cycle item location customer period baseline_qty",
        "2026-03 A D k 2026-04 40",
        "2026-03 B D k 2026-04 50",
        "2026-03 B D k 2026-05 99",
    )
    past = history(A_D_k=[30] * 24, B_D_k=[60] * 24)
    got = compare_streams(rows, past, ITEM, reference="naive", past_baseline=said)
    assert got[["lag", "reference_qty", "basis"]].to_numpy().tolist() == [
        [0, 30, "quick"],
        [1, 90, "baseline"],
    ]


def base() -> pd.DataFrame:
    return table(
        "item location customer period baseline_qty event_qty pipeline_qty",
        "A D k 2026-05 60 20 0",
        "A D m 2026-05 40 -30 10",
    )


def test_a_stream_is_freed_of_its_bias_and_drawn_from_baseline_with_events():
    rule = table("stream owner lag weight_rate bias_used_rate", "s s 0 0.5 0.4", "s s 1 0.5 0.1")
    now = streams("2026-05 s s A all D all 2026-05 196")
    got = apply_streams(base(), now, rule, history(A_D_k=[30] * 24), ITEM, "2026-05")
    assert got["stream_qty"].tolist() == pytest.approx([16, 4])  # half way from 100 to 140
    later = streams("2026-02 s s A all D all 2026-05 110")
    got = apply_streams(base(), later, rule, history(A_D_k=[30] * 24), ITEM, "2026-02")
    assert got["stream_qty"].sum() == pytest.approx(0), "lag 3 takes the bias of lag 1"


def test_a_stream_of_zero_takes_no_more_than_there_is():
    rule = table("stream owner lag weight_rate bias_used_rate", "s s 0 1 0")
    now = streams("2026-05 s s A all D all 2026-05 0")
    got = apply_streams(base(), now, rule, history(A_D_k=[30] * 24), ITEM, "2026-05")
    assert got["stream_qty"].tolist() == [-80, -20]
