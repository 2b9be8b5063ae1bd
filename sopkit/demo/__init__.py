"""The demo company Clearspring Drinks 清泉饮料: raw files made from a seed, and the truth behind.

`write_demo` writes the files that stand under `data/demo`; `write_dirty` writes a copy with
defects whose places are known; `planted_truth` tells what was planted. Steps of the work:
`products` and `places` (the same for every seed), `sales` (true demand), `orders`, `streams`,
`supply`, `stock`, `plans`, `company` (all of it), `files` (as systems export them), `export`.
"""

from __future__ import annotations

from pathlib import Path

from sopkit.demo.company import DEMO_SEED, Company, build_company
from sopkit.demo.dirty import find_missed, write_dirty
from sopkit.demo.export import write_files
from sopkit.demo.files import to_files
from sopkit.demo.truth import planted_truth


def write_demo(folder: str | Path, seed: int = DEMO_SEED) -> list[Path]:
    """Write the company's raw files; the same seed gives the same text, byte for byte.

    Args:
        folder: where they go; made when it is not there.
        seed: another seed is another company with the same items, places and planted sizes.

    Returns:
        The files written.
    """
    return write_files(to_files(build_company(seed)), Path(folder))


__all__ = [
    "DEMO_SEED",
    "Company",
    "build_company",
    "find_missed",
    "planted_truth",
    "write_demo",
    "write_dirty",
]
