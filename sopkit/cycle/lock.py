"""One writer at a time: a lock that the system lets go when its holder ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sopkit.cycle.manifest import read_manifest
from sopkit.cycle.paths import CyclePaths
from sopkit.errors import CycleError


@contextmanager
def hold_lock(paths: CyclePaths, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the cycle's lock.

    Raises:
        CycleError: another run or notebook holds it; names the process where it is known.
    """
    from filelock import FileLock, Timeout

    paths.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(paths.lock_file)
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise CycleError(_say_held(paths)) from None
    try:
        yield
    finally:
        lock.release()


def _say_held(paths: CyclePaths) -> str:
    manifest = read_manifest(paths)
    running = manifest.running if manifest else {}
    by = f" (process {running['process']}, since {running['since']})" if running else ""
    return (
        f"Cycle {paths.name} is being written by another run or notebook{by}. "
        "Wait until it ends, or end it; then run again."
    )
