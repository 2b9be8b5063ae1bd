"""The parts of the bridge and the order in which they are substituted.

Budget; volume, mix and timing at budget margin on unconstrained demand; new and ended items whole;
supply lost at budget margin; then, on plan quantity: exchange rate, price, unit cost (material,
conversion, freight, the rest); returns; one-offs (overtime, co-packer, write-off); plan.
"""

from __future__ import annotations

COST_PARTS = ("material", "conversion", "freight")
LEAF_PARTS = (
    *("volume", "mix", "timing", "new", "ended", "supply_lost"),
    *("exchange", "price", *COST_PARTS, "cost", "returns"),
)
ONE_OFFS = ("overtime", "copacker", "write_off")
STEPS = (*LEAF_PARTS, *ONE_OFFS)
PARTS = ("budget", *STEPS, "plan")
ORDER = {part: place for place, part in enumerate(PARTS)}
COST_COLUMNS = [f"{part}_value" for part in COST_PARTS]
