"""Where the parts of a large panel are computed: here, or on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sopkit.errors import ParameterError

Part = TypeVar("Part")
Result = TypeVar("Result")
ENGINES = ("local", "dask")
NOT_INSTALLED = (
    'The engine "dask" needs Dask, which is not installed: pip install "sopkit[dask]". '
    'The engine "local" needs nothing.'
)
NOT_STARTED = (
    'No local Dask worker could be started ({error}). A script that uses the engine "dask" is read '
    'again by each worker: its work belongs under `if __name__ == "__main__":`.'
)


def run_parts(
    work: Callable[[Part], Result], parts: Sequence[Part], engine: str = "local"
) -> list[Result]:
    """Return `work` of every part, in the order of the parts, whatever computes them.

    local: one after the other, in this process. dask: on the workers of the active
    `distributed.Client`; without one, on the cluster that Dask's setting `scheduler-address`
    names (environment DASK_SCHEDULER_ADDRESS); else on local processes that end with the work.

    Args:
        work: a function of a module (workers import it).
        engine: `local` or `dask`.

    Raises:
        ParameterError: Dask is asked for and not installed, or no worker is to be had.

    Example:
        run_parts(abs, [-1, 2]) is [1, 2].
    """
    if engine == "local":
        return [work(part) for part in parts]
    with _open_client() as client:
        futures = client.map(work, list(parts), pure=False, batch_size=1)
        return list(client.gather(futures))


@contextmanager
def _open_client() -> Iterator[Any]:
    """Give the active client, or one that is closed afterwards."""
    try:
        from distributed import Client, get_client
    except ImportError as error:
        raise ParameterError(NOT_INSTALLED) from error
    try:
        yield get_client()
        return
    except ValueError as none_active:
        if "No global client" not in str(none_active):
            raise
    from dask import config

    here = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
    try:
        opened = Client(**({} if config.get("scheduler-address", None) else here))
    except (RuntimeError, OSError) as error:
        raise ParameterError(NOT_STARTED.format(error=error)) from error
    with opened as client:
        yield client
