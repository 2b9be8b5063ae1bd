"""Company files that look as they did: their hash is remembered, so that a run need not ask again.

Asking the `sources` room loads pandas, which takes longer than the whole of a run with nothing to
do. As git does, a file whose size and time of change are the same is taken to be the same.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from sopkit.cycle import write_atomic
from sopkit.errors import SopkitError
from sopkit.run.hashing import hash_package

Seen = dict[str, Any]


def hash_company_files(folder: Path, mapping: str, tables: tuple[str, ...], memory: Path) -> str:
    """Return a hash of the company files that feed tables, and of their mapping.

    Args:
        folder: the planning folder.
        mapping: name of the mapping file.
        tables: input tables.
        memory: file in which what was seen is remembered.

    Raises:
        ParameterError: the mapping is wrong.
    """
    path = folder / "params" / "mapping" / f"{mapping}.yaml"
    key = ",".join(tables)
    seen = _recall(memory)
    if key not in seen.get("hashes", {}) or seen.get("looks") != _look(path, seen["source"]):
        seen = _ask(folder, path, key, tables, seen)
        with contextlib.suppress(OSError, SopkitError):  # only a memory: without it we ask again
            write_atomic(memory, json.dumps(seen).encode())
    return str(seen["hashes"][key])


def _recall(memory: Path) -> Seen:
    try:
        seen = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return seen if isinstance(seen, dict) and "source" in seen else {}


def _look(mapping: Path, source: str) -> dict[str, Any]:
    """Return how everything looks on which a hash depends: size and time of each file."""
    files = [mapping, *sorted(path for path in Path(source).rglob("*") if path.is_file())]
    stats = {str(path): path.stat() for path in files if path.exists()}
    return {
        "package": hash_package(),
        "environment": {k: v for k, v in sorted(os.environ.items()) if k.startswith("SOPKIT_")},
        "files": {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()},
    }


def _ask(folder: Path, path: Path, key: str, tables: tuple[str, ...], seen: Seen) -> Seen:
    from sopkit.sources import fingerprint_files, read_mapping, source_folder

    mapping = read_mapping(path)
    source = str(source_folder(mapping, folder))
    looks = _look(path, source)
    hashes = seen.get("hashes", {}) if seen.get("looks") == looks else {}
    found = fingerprint_files(mapping, folder, tables=list(tables))
    return {"source": source, "looks": looks, "hashes": {**hashes, key: found}}
