"""Files on disk: written whole or not at all, with bytes that depend on nothing but the content."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sopkit.errors import CycleError, InputError
from sopkit.tables import Table, check_table

if TYPE_CHECKING:
    import pyarrow

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


class DiskFullError(CycleError):
    """There is no room left where the cycle is kept."""


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old content or the new, never a part.

    Raises:
        DiskFullError: there is no room; the old file stays as it was.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if error.errno in FULL:
            raise DiskFullError(
                f"The disk is full: {path} was not written. Make room, then run again."
            ) from error
        raise


def write_parquet(path: Path, frame: pd.DataFrame, table: Table) -> str:
    """Check a frame against its contract, write it as Parquet and return the file's SHA-256.

    The same rows give the same bytes: rows are sorted by key, kinds come from the contract, and
    neither time nor machine is stored. The contract's version is.

    Raises:
        InputError: the frame breaks its contract; nothing is written.
    """
    content = _to_bytes(check_table(frame, table), table)
    write_atomic(path, content)
    return hashlib.sha256(content).hexdigest()


def read_parquet(path: Path, table: Table) -> pd.DataFrame:
    """Return a table's rows, checked against its contract.

    Raises:
        InputError: the file is damaged, or was written under a newer contract.
    """
    return check_table(read_stored(path, table).to_pandas(), table, source=path.name)


def read_stored(path: Path, table: Table, columns: Sequence[str] | None = None) -> pyarrow.Table:
    """Return a table as it is stored, unchecked; of `columns` those that the file has.

    Raises:
        InputError: the file is damaged, or was written under a newer contract.
    """
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            wanted = None if columns is None else [c for c in columns if c in schema.names]
            stored = file.read(columns=wanted)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(
            f"{path} cannot be read as Parquet ({error}). Delete it and run the cycle again."
        ) from error
    written = int((schema.metadata or {}).get(b"sopkit_version", b"1"))
    if written > table.version:
        raise InputError(
            f"{path} was written by a newer sopkit (contract {written}, here {table.version}). "
            "Update sopkit, or run the cycle again."
        )
    return stored


def count_rows(path: Path) -> int:
    """Return the number of rows of a Parquet file without reading them."""
    import pyarrow.parquet as parquet

    return int(parquet.read_metadata(path).num_rows)


def _to_bytes(frame: pd.DataFrame, table: Table) -> bytes:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        stored = pyarrow.Table.from_pandas(frame, schema=_schema(table), preserve_index=False)
    except pyarrow.ArrowException as error:
        raise InputError(
            f"Table {table.name} is not fit to plan on: a column has the wrong kind ({error}). "
            "Codes are text, quantities are numbers."
        ) from error
    stored = stored.replace_schema_metadata(
        {"sopkit_table": table.name, "sopkit_version": str(table.version)}
    )
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(stored, sink, compression="zstd", store_schema=False, version="2.6")
    return bytes(sink.getvalue())


def _schema(table: Table) -> pyarrow.Schema:
    import pyarrow

    kinds = {
        "text": pyarrow.string(),
        "date": pyarrow.timestamp("ns"),
        "month": pyarrow.timestamp("ns"),
        "number": pyarrow.float64(),
        "whole": pyarrow.int64(),
        "flag": pyarrow.bool_(),
    }
    return pyarrow.schema([(column.name, kinds[column.kind]) for column in table.columns])
