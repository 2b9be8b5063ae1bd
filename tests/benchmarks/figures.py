"""Print the project's figures: overhead, reruns, page sizes, repeatability, defects named.

    python tests/benchmarks/figures.py [overhead rerun repeat defects ...]

Everything runs in scratch folders; CPU counts children. Ratios are taken inside one run.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CYCLE = "2026-11"
SOPKIT = [sys.executable, "-m", "sopkit.cli"]
EMPTY_RUNS = 5
BENCHMARK_SEED = 71  # tests use others


def new_folder(parent: Path, name: str) -> Path:
    """Return a planning folder of the demo company that was never run."""
    folder = parent / name
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copytree(ROOT / "params", folder / "params")
    shutil.copytree(ROOT / "data/demo", folder / "data/demo")
    return folder


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command to its end; return wall and CPU seconds, children counted."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = os.environ | {"SOPKIT_HOME": str(folder), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, cpu


def hash_tables(folder: Path) -> dict[str, str]:
    """Return the fingerprint of every table of the cycle."""
    tables = sorted((folder / "data/cycles" / CYCLE / "tables").glob("*.parquet"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tables}


def run_month(folder: Path) -> tuple[float, float]:
    """Run the demo's newest month; return wall and CPU seconds."""
    return timed([*SOPKIT, "run", CYCLE, "--params", "params/runs/demo.yaml"], folder)


def empty_notebook(folder: Path) -> Path:
    """Write a notebook that prints one parameter."""
    import nbformat

    cell = nbformat.v4.new_code_cell("print(1)", id="empty")
    path = folder / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def print_overhead(parent: Path) -> None:
    """Overhead of the month = (its CPU - one process's CPU) / CPU of five empty notebooks."""
    wall, month = run_month(new_folder(parent, "month"))
    one = new_folder(parent, "one")
    script = str(ROOT / "tests/benchmarks/one_process.py")
    _, plain = timed([sys.executable, script, str(one), CYCLE], one)
    notebook = empty_notebook(parent)
    command = [
        sys.executable,
        "-m",
        "papermill",
        "-k",
        "python3",
        str(notebook),
        str(parent / "out.ipynb"),
    ]
    empty = sum(timed(command, parent)[1] for _ in range(EMPTY_RUNS))
    print(f"demo month: {wall:.1f} s wall, {month:.1f} CPU s (bound 120 s)")
    print(f"same calls in one process: {plain:.1f} CPU s; five empty notebooks: {empty:.1f} CPU s")
    print(f"overhead of the month: {(month - plain) / empty:.2f} (bound 2.0, aim 1.2)")


def print_rerun(parent: Path) -> None:
    """Seconds of a run with nothing changed, and what runs after one changed override."""
    folder = new_folder(parent, "rerun")
    run_month(folder)
    walls = [run_month(folder)[0] for _ in range(3)]
    print(f"run again, nothing changed: {statistics.median(walls):.2f} s (bound 3 s)")
    pages = sorted((folder / "reports").rglob("*.html"))
    biggest = max(pages, key=lambda page: page.stat().st_size)
    size = biggest.stat().st_size / 1e6
    print(f"{len(pages)} pages; the biggest is {biggest.name}: {size:.2f} MB (bound 2 MB)")


def print_repeat(parent: Path) -> None:
    """Whether two runs on the same input give the same bytes."""
    first, second = new_folder(parent, "first"), new_folder(parent, "second")
    run_month(first)
    run_month(second)
    one, two = hash_tables(first), hash_tables(second)
    different = sorted(name for name in one | two if one.get(name) != two.get(name))
    print(f"two runs: {len(one)} tables, {len(different)} differ {different or ''}")


def read_demo(folder: Path):
    """Read a copy of the demo company's raw files as of the newest cycle."""
    import pandas as pd

    from sopkit.sources import read_mapping, read_tables

    mapping = read_mapping(ROOT / "params/mapping/demo.yaml")
    return read_tables(mapping, folder, pd.Timestamp("2026-11-01"), pd.Timestamp("2026-10-31"))


def print_defects(parent: Path) -> None:
    """Share of planted defects named with file and row, and rows named wrongly."""
    from sopkit.demo import find_missed, write_demo, write_dirty
    from sopkit.demo.dirty import named_places

    truth = write_dirty(parent / "dirty", seed=BENCHMARK_SEED)
    loaded = read_demo(parent / "dirty")
    missed = find_missed(truth, loaded.refused, loaded.findings)
    planted = set(zip(truth["file"], truth["row"], strict=True))
    wrong = named_places(loaded.refused, loaded.findings) - planted
    rows = loaded.tied["rows_read"].sum()
    print(
        f"dirty copy (seed {BENCHMARK_SEED}): {len(truth) - len(missed)} of {len(truth)} defects "
        f"of {truth['kind'].nunique()} kinds named with file and row (bound 95 %)"
    )
    print(f"rows named wrongly: {len(wrong)} of {rows} ({len(wrong) / rows:.3%}, bound 1 %)")
    write_demo(parent / "clean", seed=BENCHMARK_SEED)
    clean = read_demo(parent / "clean")
    print(f"clean copy: {len(clean.refused)} refused rows, {len(clean.errors)} errors (bound 0)")


PARTS = {
    "overhead": print_overhead,
    "rerun": print_rerun,
    "repeat": print_repeat,
    "defects": print_defects,
}


def main(names: list[str]) -> None:
    """Print the parts asked for, or all."""
    for name in names or list(PARTS):
        with tempfile.TemporaryDirectory() as temporary:
            PARTS[name](Path(temporary))


if __name__ == "__main__":
    main(sys.argv[1:])
