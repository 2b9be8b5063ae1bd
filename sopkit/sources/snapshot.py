"""A cycle keeps its own copy of the company's files, and knows when one of them changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from sopkit.errors import InputError
from sopkit.sources.mapping import source_folder
from sopkit.sources.model import Mapping


def mapped_files(mapping: Mapping, source: Path, tables: list[str] | None = None) -> list[Path]:
    """Return every file that the mapping reads in a folder, joined ones too, sorted."""
    found = {
        path
        for pattern in _patterns(mapping, tables)
        for path in source.glob(pattern)
        if path.is_file() and not path.name.startswith(("~$", ".writing-"))
    }
    return sorted(found)


def _patterns(mapping: Mapping, tables: list[str] | None) -> list[str]:
    parts = [part for name in mapping.names(tables) for part in mapping.tables[name]]
    joins = [join.file for part in parts for join in part.join]
    return sorted({*(part.file for part in parts), *joins})


def snapshot_files(
    mapping: Mapping, folder: Path | str, to: Path | str, tables: list[str] | None = None
) -> list[tuple[str, str]]:
    """Copy the mapped files into a cycle's `input/`; return (path below it, sha256), sorted.

    Only files that changed are written, each under another name first. A file that is no longer
    in the company's folder leaves the copy too. Where the whole company folder is gone the copy
    stays as it is.

    Raises:
        InputError: neither the company's folder nor a copy is there.
    """
    source, target = source_folder(mapping, folder), Path(to)
    if not source.is_dir():
        return _keep_copy(mapping, source, target, tables)
    copied = []
    for path in mapped_files(mapping, source, tables):
        name = path.relative_to(source)
        digest, copy = hash_file(path), target / name
        if not copy.is_file() or hash_file(copy) != digest:
            _copy_whole(path, copy)
        copied.append((name.as_posix(), digest))
    known = {name for name, _ in copied}
    for path in mapped_files(mapping, target, tables):
        if path.relative_to(target).as_posix() not in known:
            path.unlink()
    return copied


def _keep_copy(
    mapping: Mapping, source: Path, target: Path, tables: list[str] | None
) -> list[tuple[str, str]]:
    kept = mapped_files(mapping, target, tables) if target.is_dir() else []
    if not kept:
        raise InputError(
            f"The folder {mapping.folder} of the company's files is not there ({source}). "
            f"Put the files there, or correct `folder` in the mapping {mapping.name}."
        )
    return [(path.relative_to(target).as_posix(), hash_file(path)) for path in kept]


def _copy_whole(path: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    writing = copy.with_name(f".writing-{copy.name}")
    try:
        shutil.copyfile(path, writing)
        writing.replace(copy)
    finally:
        writing.unlink(missing_ok=True)


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint_files(mapping: Mapping, folder: Path | str, tables: list[str] | None = None) -> str:
    """Return a hash of the company's files and of the mapping that feed these tables (None: all).

    It changes when a file's content, its name, or what the mapping says of a table changes.
    """
    source = source_folder(mapping, folder)
    files = [
        (path.relative_to(source).as_posix(), hash_file(path))
        for path in mapped_files(mapping, source, tables)
    ]
    said = mapping.model_dump(mode="json", by_alias=True)
    said["tables"] = {name: said["tables"][name] for name in mapping.names(tables)}
    text = json.dumps([files, said], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
