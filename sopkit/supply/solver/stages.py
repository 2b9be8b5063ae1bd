"""In which order whole numbers are fixed, and near which."""

from __future__ import annotations

import numpy as np

from sopkit.supply.inputs.case import Array, Case
from sopkit.supply.rules.lots import round_lots
from sopkit.supply.solver.whole import Hints

HALF, PART = 0.5, 0.02
DEEPEST = 12


def rank_levels(case: Case) -> Array:
    """Return how far each place is from customers: 0 where nothing is made or moved from it."""
    way, part = (case.uses[name].to_numpy(int) for name in ("way", "place"))
    into = case.ways["place"].to_numpy(int)[way]
    level = np.zeros(len(case.places), dtype=int)
    for _ in range(DEEPEST):
        deeper = level.copy()
        np.maximum.at(deeper, part, np.minimum(level[into] + 1, DEEPEST))
        if np.array_equal(deeper, level):
            break
        level = deeper
    return level


def hint_whole(case: Case) -> Hints:
    """Return how whole numbers are found: by month, people, then lots from the parts up.

    Parts are rounded up, what customers take to the nearest lot.
    """
    level = rank_levels(case)[case.ways["place"].to_numpy(int)]
    made = (case.ways["flow_kind"] != "move").to_numpy()
    up_from = np.where((level > 0) & made, PART, HALF)

    def propose(
        values: dict[str, Array], share: float
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        at = up_from if share < 1 else np.ones_like(up_from)
        return round_lots(case.lots, values["flow"], case.way_limit, at)

    return Hints(propose, _stage_whole(case, level), ("odd", "odd_load"), DEEPEST + 2)


def _stage_whole(case: Case, level: Array) -> dict[str, Array]:
    """Return, by block, when a whole number is fixed."""
    months = np.arange(len(case.periods)) * (DEEPEST + 2)
    turn = 1 + DEEPEST - level
    of_load = np.zeros(len(case.lots.loads), dtype=int)
    way, load = (case.lots.load_ways[name].to_numpy(int) for name in ("way", "load"))
    np.maximum.at(of_load, load, turn[way])
    of_way = turn[case.lots.ways["way"].to_numpy(int)][:, None] + months
    of_crew = np.zeros((len(case.people.crews), 1)) + months
    return {
        "hired": of_crew,
        "laid_off": of_crew,
        "lots": of_way,
        "batch": of_way,
        "loads": of_load[:, None] + months,
    }
