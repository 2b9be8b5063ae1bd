"""Print what the demo month takes, step by step: wall and CPU seconds, beside an empty notebook.

    python tests/benchmarks/month.py [--full]

The month runs in a fresh folder, from raw files to the report site, as `sopkit demo` does. CPU of a
step is that of its kernel, what it loaded while the step before was at work included. The machine
is told by an empty notebook through the same runner, before and after. `--full`: three months, each
step's least.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from figures import CYCLE, empty_notebook, new_folder, timed

from sopkit.cycle import StepRecord
from sopkit.params import read_params
from sopkit.run.month import Tell, run_month
from sopkit.run.site import build_report, prepare_report

LIMIT_SECONDS = 120
MONTHS = 3
EMPTY = "import sys; sys.path.insert(0, {here!r}); from month import run_empty; run_empty({path!r})"


class Clock(Tell):
    """Wall and CPU seconds of each step; `others` is what no step took."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self._wall, self._cpu = time.perf_counter(), used_cpu()

    def end(self, step: str, record: StepRecord) -> None:
        """Book what passed since the step before."""
        wall, cpu = time.perf_counter(), used_cpu()
        self.wall[step], self.cpu[step] = wall - self._wall, cpu - self._cpu
        self._wall, self._cpu = wall, cpu


def used_cpu() -> float:
    """Return the CPU seconds of this process and of all its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def clock_month(folder: Path) -> Clock:
    """Run the demo's newest month and its report in a fresh folder."""
    clock = Clock()
    run_month(
        CYCLE,
        folder,
        read_params(folder / "params/runs/demo.yaml"),
        tell=clock,
        finish=lambda paths, manifest: build_report(paths, manifest, "en", clock),
        meanwhile=lambda paths, step: prepare_report(paths, step, "en"),
    )
    return clock


def run_empty(path: str) -> None:
    """Run a notebook with nothing in it through the runner's kernel."""
    from sopkit.run.kernel import Progress, execute, start_kernel

    source = Path(path)
    kernel = start_kernel(source.parent, source.parent, {})
    progress = Progress()
    execute(source, source.with_suffix(".out.ipynb"), {}, kernel, progress, 60, lambda: None)


def time_empty(folder: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of an empty notebook, interpreter and all."""
    path = str(empty_notebook(folder))
    here = str(Path(__file__).resolve().parent)
    return timed([sys.executable, "-c", EMPTY.format(here=here, path=path)], folder)


def main() -> None:
    """Print the table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    clocks = []
    with tempfile.TemporaryDirectory(prefix="sopkit-month-") as scratch:
        empties = [time_empty(new_folder(Path(scratch), "empty"))]
        for number in range(MONTHS if "--full" in sys.argv else 1):
            clocks.append(clock_month(new_folder(Path(scratch), f"month-{number}")))
        empties.append(time_empty(Path(scratch) / "empty"))
    print(f"{'step':22} {'wall s':>8} {'CPU s':>8}")
    for step in clocks[0].wall:
        wall, cpu = (min(getattr(c, kind)[step] for c in clocks) for kind in ("wall", "cpu"))
        print(f"{step:22} {wall:8.1f} {cpu:8.1f}")
    wall, cpu = (min(sum(getattr(c, kind).values()) for c in clocks) for kind in ("wall", "cpu"))
    print(f"{'demo month':22} {wall:8.1f} {cpu:8.1f}   wall at most {LIMIT_SECONDS}")
    for when, (wall, cpu) in zip(("before", "after"), empties, strict=True):
        print(f"{'empty notebook, ' + when:22} {wall:8.1f} {cpu:8.1f}")
    print(f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
