"""Progress of a run on the terminal; plain lines where there is none."""

from __future__ import annotations

import sys

from sopkit.cli.app import say
from sopkit.cycle import StepRecord
from sopkit.run.month import Tell

WIDTH = 20


class Screen(Tell):
    """One line a step; on a terminal it also counts the cells."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()

    def begin(self, step: str, why: list[str]) -> None:
        """Say which step begins and why."""
        reason = ", ".join(why[:3]) + (f" and {len(why) - 3} more" if len(why) > 3 else "")
        say(f"{step:{WIDTH}} begins{f' ({reason})' if reason else ''}")

    def advance(self, step: str, cell: int, cells: int) -> None:
        """Count the cells on a terminal."""
        if self.live:
            sys.stdout.write(f"\r{step:{WIDTH}} cell {cell} of {cells}")
            sys.stdout.flush()

    def end(self, step: str, record: StepRecord) -> None:
        """Say how the step ended."""
        if self.live:
            sys.stdout.write("\r\x1b[K")
        made = f", {len(record.outputs)} tables" if record.outputs else ""
        say(f"{step:{WIDTH}} {record.state}, {record.seconds:.1f} s{made}")

    def skip(self, step: str) -> None:
        """Say that the step's result still holds."""
        say(f"{step:{WIDTH}} unchanged")
