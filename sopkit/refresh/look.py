"""One look: the company's files as of a day, beside the cycle's plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sopkit.cycle import Cycle, CyclePaths, read_manifest, view_cycle
from sopkit.errors import CycleError, InputError, ParameterError
from sopkit.params import read_params, read_process
from sopkit.refresh.month import compare_month, measure_share
from sopkit.refresh.orders import find_on_hand, find_orders_at_risk, list_arrivals
from sopkit.refresh.triggers import Thresholds, find_triggers, list_owners
from sopkit.run.state import choose_params
from sopkit.supply import list_released_orders

READ = ["sales_order_line", "opening_stock", "production_actual", "open_supply"]


@dataclass(frozen=True)
class Look:
    """What a day shows.

    Args:
        cycle, company, folder: whose month it is, in which planning folder.
        as_of: the day.
        is_published: the plan is the signed one; else the proposal stands in.
        newest: newest day that the files tell of.
        is_counted: stock was counted within the month; else carried on from its start.
        month, orders, triggers: contracts `refresh_month`, `refresh_order`, `refresh_trigger`.
        tasks: records entered into the planbook, where there were new ones.
    """

    cycle: str
    company: str
    folder: Path
    as_of: pd.Timestamp
    is_published: bool
    newest: pd.Timestamp
    is_counted: bool
    month: pd.DataFrame
    orders: pd.DataFrame
    triggers: pd.DataFrame
    tasks: pd.DataFrame = field(default_factory=pd.DataFrame)


def refresh_cycle(paths: CyclePaths, as_of: pd.Timestamp) -> Look:
    """Return the month to date of a cycle against its plan; nothing is written.

    Args:
        paths: the cycle's files.
        as_of: a day of the cycle's month; later rows of the files are not yet known.

    Raises:
        CycleError: the cycle was never run, or has no plan yet.
        InputError: the files tell nothing of the month, or are not fit.
        ParameterError: the day lies outside the cycle's month.
    """
    opened = view_cycle(paths.name, paths.folder)
    _check_day(opened, as_of)
    name = "approved_plan" if opened.has("approved_plan") else "consensus_plan"
    if not opened.has(name):
        raise CycleError(
            f"Cycle {paths.name} has no plan to look at yet: sopkit run {paths.name} --from supply"
        )
    now, country = _read_files(opened, as_of)
    newest = _find_newest(now, opened.period)
    if newest is None:
        raise InputError(
            f"The files of {opened.company} hold nothing dated {opened.period:%Y-%m-%d} to "
            f"{as_of:%Y-%m-%d}: no order, no shipment, no stock, no production. Export them anew, "
            "then refresh again."
        )
    return _look(opened, name, now, as_of, newest, country)


def _check_day(opened: Cycle, as_of: pd.Timestamp) -> None:
    last = opened.period + pd.offsets.MonthEnd(0)
    if not opened.period <= as_of <= last:
        raise ParameterError(
            f"{as_of:%Y-%m-%d} lies outside the month of cycle {opened.name}: name a day from "
            f"{opened.period:%Y-%m-%d} to {last:%Y-%m-%d}, such as --as-of {opened.name}-13"
        )


def _read_files(opened: Cycle, as_of: pd.Timestamp) -> tuple[dict[str, pd.DataFrame], str]:
    """Return today's files as contract tables, read as 01 reads them, and the country."""
    from sopkit import sources

    common = read_params(choose_params(opened.folder, opened.name)).common
    mapping = sources.read_mapping(opened.folder / "params/mapping" / f"{common.mapping}.yaml")
    mapped = [name for name in READ if name in mapping.tables]
    if "sales_order_line" not in mapped:
        raise InputError(
            f"The mapping {common.mapping} names no sales_order_line: without order lines a month "
            "to date cannot be seen."
        )
    folder = sources.source_folder(mapping, opened.folder)
    loaded = sources.read_tables(mapping, folder, opened.period, as_of, tables=mapped)
    sources.raise_if_unfit(loaded)
    now = {name: loaded.tables[name] for name in mapped if name in loaded.tables}
    return {name: now.get(name, _empty(name)) for name in READ}, str(common.country)


def _empty(name: str) -> pd.DataFrame:
    from sopkit.tables import TABLES

    return TABLES[name].empty()


def _find_newest(now: dict[str, pd.DataFrame], first: pd.Timestamp) -> pd.Timestamp | None:
    """Return the newest day of the month that the files tell of; None where they tell nothing."""
    lines, stock = now["sales_order_line"], now["opening_stock"]
    production = now["production_actual"]
    days = pd.concat(
        [lines["order_date"], lines["shipped_date"], stock["snapshot_date"], production["period"]]
    ).dropna()
    days = days[days >= first]
    return None if days.empty else pd.Timestamp(days.max())


def _look(
    opened: Cycle,
    name: str,
    now: dict[str, pd.DataFrame],
    as_of: pd.Timestamp,
    newest: pd.Timestamp,
    country: str,
) -> Look:
    process = read_process(opened.folder)
    rules = process.refresh
    item, lines = opened.read("item"), now["sales_order_line"]
    family = dict(zip(item["item"], item["family"].fillna("other"), strict=True))
    share = measure_share(lines, family, as_of, country=country)
    month = compare_month(
        opened.read(name),
        opened.read("consensus_demand"),
        opened.read_optional("constrained_plan"),
        lines,
        now["production_actual"],
        share,
        family,
        as_of,
        below_rate=rules.below_rate,
        above_rate=rules.above_rate,
    )
    released = _find_released(opened, country)
    arrivals = list_arrivals(released, now["open_supply"], opened.period, as_of)
    on_hand, counted = find_on_hand(now["opening_stock"], lines, arrivals, opened.period, as_of)
    later = arrivals[arrivals["due_date"] > as_of]
    orders = find_orders_at_risk(lines, on_hand, later, family, as_of, rules.risk_days)
    thresholds = Thresholds(
        rules.below_rate,
        rules.above_rate,
        process.targets.low_rate,
        rules.task_days,
        rules.told,
        tuple(process.targets.told),
        country,
    )
    owners = list_owners(opened.read_optional("responsibility"))
    target = opened.read_optional("target")
    triggers = find_triggers(month, orders, target, owners, thresholds, as_of)
    manifest = read_manifest(opened.paths)
    published = manifest is not None and manifest.state == "published"
    return Look(
        opened.name, opened.company, opened.folder, as_of, published, newest, counted, month,
        orders, triggers,
    )  # fmt: skip


def _find_released(opened: Cycle, country: str) -> pd.DataFrame:
    """Return the orders the signed plan released, else those the proposal would."""
    if opened.has("released_order"):
        return opened.read("released_order")
    return list_released_orders(
        opened.read_optional("firm_order"),
        opened.read_optional("operation"),
        opened.read_optional("purchase_term"),
        opened.read_optional("lane"),
        opened.read_optional("pegging"),
        opened.name,
        country=country,
    )
