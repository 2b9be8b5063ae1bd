"""Read a folder of tables; write a folder of results, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from sopkit.errors import InputError, list_problems
from sopkit.supply import net_demand
from sopkit.supply.problems import find_mixed_units
from sopkit.tables import TABLES, check_table

KINDS = (".csv", ".parquet")
SUMMARY = "summary.json"


def read_folder(source: Path) -> dict[str, pd.DataFrame]:
    """Return every file of the folder that carries a contract's name, checked.

    Raises:
        InputError: the folder is not there, a table comes twice, files break their contracts,
            or quantities carry a unit that is not the item's; all are named.
    """
    if not source.is_dir():
        raise InputError(f"The folder {source} is not there.")
    raw, frames, problems = {}, {}, []
    for path in sorted(p for p in source.iterdir() if p.suffix in KINDS and p.stem in TABLES):
        if path.stem in raw:
            problems.append(f"{path.name}: the table is there as CSV and as Parquet; keep one.")
        try:
            raw[path.stem] = _read(path)
            frames[path.stem] = check_table(raw[path.stem], TABLES[path.stem], path.name)
        except (InputError, ValueError, TypeError, OSError) as problem:
            problems.append(f"{path.name}: {problem}")
    item = frames.get("item", TABLES["item"].empty())
    problems += [
        f"{table}: {kind}: {subject} {value}. {advice}"
        for _, kind, table, subject, value, advice in find_mixed_units(raw, item)
    ]
    if problems:
        raise InputError(list_problems(f"{source} is not fit to plan on", problems))
    return frames


def _read(path: Path) -> pd.DataFrame:
    """Return a file as a frame; codes stay text, so that leading zeros are kept."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    kinds = {c.name: str for c in TABLES[path.stem].columns if c.kind == "text"}
    return pd.read_csv(path, dtype=kinds)


def find_demand(
    frames: dict[str, pd.DataFrame], source: Path, months: int = 0
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Return what to plan against and the months planned, from the demand's first month on.

    Args:
        months: how many are planned; 0: to the demand's last month.

    Raises:
        InputError: no demand is given, or there is none of it.
    """
    name = next((one for one in ("net_demand", "consensus_demand") if one in frames), "")
    if not name:
        raise InputError(f"{source} holds neither net_demand nor consensus_demand (CSV, Parquet).")
    given = frames[name]
    if given.empty:
        raise InputError(f"{name} in {source} has no rows; there is nothing to plan.")
    first, last = given["period"].min(), given["period"].max()
    periods = (
        pd.date_range(first, periods=months, freq="MS", name="period")
        if months
        else pd.date_range(first, last, freq="MS", name="period")
    )
    demand = given
    if name == "consensus_demand":
        orders = frames.get("sales_order_line", TABLES["sales_order_line"].empty())
        classes = frames.get("service_class", TABLES["service_class"].empty())
        demand = net_demand(given, orders, classes, periods)
    demand = demand[demand["period"].isin(periods)].reset_index(drop=True)
    if not (demand["demand_qty"] > 0).any():
        raise InputError(f"{name} in {source} asks for nothing; there is nothing to plan.")
    return demand, periods


def write_folder(
    output: Path, made: dict[str, pd.DataFrame], summary: dict[str, Any]
) -> dict[str, Any]:
    """Write tables (CSV) and `summary.json`; a summary stands only beside its own tables.

    All files are written under temporary names first; where that fails (a full disk), what was
    there before stays. The old summary goes before the first table is renamed, the new one comes
    last.
    """
    output.mkdir(parents=True, exist_ok=True)
    texts = {f"{name}.csv": frame.to_csv(index=False) for name, frame in made.items()}
    texts[SUMMARY] = json.dumps(summary, ensure_ascii=False, indent=1)
    parts = {name: output / f".{name}.part" for name in texts}
    try:
        for name, text in texts.items():
            parts[name].write_text(text, encoding="utf-8")
    except OSError:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise
    (output / SUMMARY).unlink(missing_ok=True)
    for name, part in parts.items():
        part.replace(output / name)
    return summary
