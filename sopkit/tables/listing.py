"""The list of tables as the README shows it, printed from the contracts.

Run ``python -m sopkit.tables.listing`` to print it.
"""

from __future__ import annotations

from sopkit.tables.demand import DEMAND
from sopkit.tables.master import MASTER
from sopkit.tables.results import RESULTS
from sopkit.tables.supply import SUPPLY


def to_markdown() -> str:
    """Return one Markdown table: name, owner, key and meaning of every contract."""
    rows = [
        f"| `{t.name}`{' (required)' if t.required else ''} | {t.owner} | {', '.join(t.key)} "
        f"| {t.about} |"
        for t in (*MASTER, *DEMAND, *SUPPLY, *RESULTS)
    ]
    return "\n".join(["| table | owner | key | one row is |", "|---|---|---|---|", *rows])


if __name__ == "__main__":
    print(to_markdown())
