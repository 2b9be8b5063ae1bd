"""A company of two items in real files, for tests of reading; each test changes what it is about."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sopkit.sources import Loaded, Mapping, read_mapping, read_tables

CYCLE, AS_OF = pd.Timestamp("2026-11-01"), pd.Timestamp("2026-10-31")

FILES = {
    "items.csv": "item,item_name,family\n001,Water,WATER\n002,Tea,TEA\n",
    "places.csv": "place\nP1\n",
    "sales.csv": (
        "item,place,month,qty,money\n"
        "001,P1,2026-09,10,100\n"
        "001,P1,2026-10,12,120\n"
        "002,P1,2026-10,5,100\n"
    ),
}
TABLES = {
    "item": "{file: items.csv, columns: {item: item, item_name: item_name, family: family}}",
    "location": "{file: places.csv, columns: {location: place}}",
    "sales_history": (
        "{file: sales.csv, columns: "
        "{item: item, location: place, period: month, actual_qty: qty, net_value: money}}"
    ),
}


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def mapping(folder: Path, head: str = "", **tables: str) -> Mapping:
    """Return the small company's mapping, its tables replaced or added to by those given."""
    every = {**TABLES, **tables}
    lines = [f"  {name}: {text}" for name, text in every.items() if text]
    path = folder / "small.yaml"
    text = "\n".join(["company: Small", "folder: .", head, "tables:", *lines])
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)


def load(
    folder: Path, files: dict[str, str | bytes] | None = None, head: str = "", **tables: str
) -> Loaded:
    """Write the files (those given in place of the usual ones) and read them."""
    write(folder, {**FILES, **(files or {})})
    return read_tables(mapping(folder, head, **tables), folder, CYCLE, AS_OF)


def refused(loaded: Loaded) -> list[tuple]:
    """Return file, row, column, rule and value of what was refused."""
    columns = ["file", "row", "column", "rule", "value"]
    return [tuple(line) for line in loaded.refused[columns].itertuples(index=False)]


def found(loaded: Loaded, kind: str) -> pd.DataFrame:
    """Return the findings of a kind."""
    return loaded.findings.loc[loaded.findings["kind"] == kind].reset_index(drop=True)
