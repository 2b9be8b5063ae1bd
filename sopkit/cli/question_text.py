"""What a what-if and an assessed target say on a terminal, in the language asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from sopkit.scenario import tell_block, tell_months, tell_scenarios, tell_state

if TYPE_CHECKING:
    from sopkit.asking import Asked, Base
    from sopkit.cycle import Cycle
    from sopkit.messages import Catalogue
    from sopkit.supply.assess import Assessment
    from sopkit.supply.whatif import Change, WhatIf

SHOWN = 12
CAUSE = ["cause", "cause_code", "root_cause", "root_code"]


def describe_what_if(cycle: str, base: Base, found: WhatIf, t: Catalogue) -> list[str]:
    """Return a what-if as lines: cost, first month, service, shortages, hours."""
    sums = found.service.drop(columns="family").sum()
    moved = {
        name: float(sums[f"after_{name}_qty"] - sums[f"before_{name}_qty"])
        for name in ("on_time", "late", "short")
    }
    word = "same" if abs(found.gain) < 0.5 else "cheaper" if found.gain > 0 else "dearer"
    before, after = base.plan.objective, found.plan.objective
    first = found.first_change
    sold = found.revenue_change
    lines = [
        t("whatif.title", cycle=cycle, n=len(base.case.periods)),
        *_changes(found.changes),
        *_stale(base, t),
        "",
        t(f"whatif.{word}", gain=abs(found.gain), before=before, after=after),
        *([t("whatif.earned", revenue=sold, gain=found.earned)] if abs(sold) >= 0.5 else []),
        t("whatif.service", **moved),
        t("whatif.nothing") if first is None else t("whatif.first", month=first),
    ]
    terms = found.cost[found.cost["change_value"].abs() >= 0.5]
    lines += _table(
        t, "whatif.cost", terms, ["term", "before_value", "after_value", "change_value"]
    )
    lines += _table(t, "whatif.families", _moved_families(found.service), list(FAMILY))
    names = ["item", "location", "period", "before_short_qty", "after_short_qty"]
    names += ["before_late_qty", "after_late_qty", "change_value"]
    lines += _table(t, "whatif.shortages", found.shortage, names)
    names = ["resource", "period", "before_hours", "after_hours", "regular_hours", "overtime_hours"]
    return lines + _table(t, "whatif.hours", found.hours, names)


FAMILY = {
    "family": "family",
    "demand_qty": "demand",
    "on_time_qty": "on_time",
    "late_qty": "late",
    "short_qty": "short",
}


def _moved_families(service: pd.DataFrame) -> pd.DataFrame:
    """Return the change of demand and service by family, where there is one."""
    change = {
        name: service[f"after_{name}"] - service[f"before_{name}"]
        for name in FAMILY
        if name != "family"
    }
    rows = pd.DataFrame({"family": service["family"], **change})
    return rows[(rows.drop(columns="family").abs() >= 0.5).any(axis=1)]


def describe_assessment(cycle: str, base: Base, found: Assessment, t: Catalogue) -> list[str]:
    """Return an assessed target as lines: verdict, days, money, months, breaks, reliefs."""
    lines = [
        t("whatif.target", cycle=cycle),
        *_changes(found.what_if.changes),
        *_stale(base, t),
        "",
        t(f"whatif.verdict.{found.verdict}", rate=found.served_rate, on_time=found.on_time_rate),
        *_decision(base, found, t),
        *_money(found, t),
    ]
    names = ["period", "extra_qty", "on_time_qty", "late_qty", "short_qty", "lost_value"]
    lines += _table(t, "whatif.months", found.months, names, signed=False)
    lines += _breaks(found, t)
    names = ["resource", "period", "before_hours", "after_hours", "limit_hours", "missing_hours"]
    lines += _table(t, "whatif.load", found.load, names)
    names = ["item", "location", "period", "late_qty", "short_qty", "short_value"]
    lines += _table(t, "whatif.displaced", found.displaced, names)
    names = ["relief", "code", "first_period", "last_period", "lead_days", "decide_date"]
    lines += _table(t, "whatif.reliefs", found.reliefs, [*names, "served_value", "gain_value"])
    names = ["action", "code", "item", "location", "period", "amount_qty", "lead_days"]
    return lines + _table(t, "whatif.actions", found.actions, [*names, "decide_date"])


def _changes(changes: Sequence[Change]) -> list[str]:
    return [f"  {change.describe()}" for change in changes]


def _stale(base: Base, t: Catalogue) -> list[str]:
    if base.is_same:
        return []
    return [t("whatif.stale", stated=base.stated_value, now=base.plan.objective)]


def _decision(base: Base, found: Assessment, t: Catalogue) -> list[str]:
    if found.decide_date is None:
        return []
    if found.decide_date <= base.case.periods[0]:
        return [t("whatif.decide_now")]
    return [t("whatif.decide", day=found.decide_date)]


def _money(found: Assessment, t: Catalogue) -> list[str]:
    lines = []
    if pd.notna(found.unit_cost):
        lines.append(t("whatif.extra_cost", cost=found.extra_cost, unit_cost=found.unit_cost))
    lines.append(t("whatif.gain", gain=found.gain))
    return [*lines, t("whatif.lost", lost=found.lost_value)] if found.lost_value >= 0.5 else lines


def _breaks(found: Assessment, t: Catalogue) -> list[str]:
    if found.breaks.empty:
        return ["", t("whatif.breaks_none")]
    lines = ["", t("whatif.breaks")]
    for row in found.breaks.head(SHOWN).to_dict("records"):
        why = t(f"supply.why.{row['cause']}", **{str(name): row[name] for name in CAUSE})
        first, last = row["first_period"], row["last_period"]
        when = t("whatif.when" if last > first else "whatif.when_in", first=first, last=last)
        size = t("whatif.size", short=row["short_qty"], late=row["late_qty"])
        lines.append(f"  {why} {when} {size}")
    return lines + _more(len(found.breaks), t)


def _table(
    t: Catalogue, key: str, rows: pd.DataFrame, names: list[str], *, signed: bool = True
) -> list[str]:
    """Return a headed table of the first rows; nothing where there are none."""
    if rows.empty:
        return []
    shown = rows[names].head(SHOWN)
    told = pd.DataFrame({t(f"whatif.col.{name}"): _texts(t, shown[name]) for name in names})
    with pd.option_context("display.unicode.east_asian_width", True):
        text = told.to_string(index=False)
    return ["", t(key), *(f"  {line}" for line in text.splitlines()), *_more(len(rows), t)]


def _more(count: int, t: Catalogue) -> list[str]:
    return [f"  {t('whatif.more', n=count - SHOWN)}"] if count > SHOWN else []


def _texts(t: Catalogue, column: pd.Series) -> list[str]:
    """Return the cells of a column as the language writes them; figures whole."""
    name = str(column.name)
    if name.endswith("_date"):
        return [t.show(value, "iso_day") for value in column]
    if name.endswith("period"):
        return [t.show(value, "ym") for value in column]
    if name in ("term", "action", "relief"):
        return [t.word({"action": "term", "relief": "fix"}.get(name, name), v) for v in column]
    if pd.api.types.is_numeric_dtype(column):
        digits = 1 if name.endswith(("_hours", "_days")) else 0
        return [f"{value:,.{digits}f}" for value in column]
    kind = "cause_code" if name == "code" else name
    return [t.label(kind, value) if value else "" for value in column]


def describe_scenarios(opened: Cycle, diffs: pd.DataFrame, t: Catalogue) -> list[str]:
    """Return what scenarios change and whether they can be applied, as lines.

    Args:
        diffs: contract `scenario_diff`.
    """
    if diffs.empty:
        file = f"params/scenarios/{opened.company}.yaml"
        return [t("scenarios.cli.none", cycle=opened.name, file=file)]
    names = tell_scenarios(diffs)
    lines = [t("scenarios.cli.title", cycle=opened.name, n=diffs["scenario"].nunique())]
    for name, blocks in diffs.groupby("scenario", sort=False):
        rows = blocks.to_dict("records")
        title = t(names[str(name)][0], **names[str(name)][1])
        lines += ["", f"{name}: {title}"]
        if rows[0]["owner"]:
            told = {"owner": rows[0]["owner"], "reason": rows[0]["reason"]}
            lines.append(t("scenarios.cli.owner" if told["reason"] else "scenarios.cli.by", **told))
        for row in rows:
            lines.append(f"  {_block(row, t)}")
        touched = sorted({one for row in rows for one in str(row["touches"] or "").split(", ")})
        if any(touched):
            lines.append(t("scenarios.cli.touches", names=", ".join(filter(None, touched))))
    return lines


def _block(row: dict[Hashable, Any], t: Catalogue) -> str:
    """Return a block of a scenario, its months and what became of it, as a line."""
    said = t(tell_block(row)[0], **tell_block(row)[1])
    months = tell_months(row)
    said += "" if months is None else f" {t(months[0], **months[1])}"
    state = tell_state(row)
    return t("scenarios.cli.block", said=said, state=t(state[0], **state[1]))


def describe_solved(cycle: str, base: Base, found: Asked, t: Catalogue) -> list[str]:
    """Return solved scenarios as a table, best first: money, service, stock, capacity, cash."""
    months = len(base.case.periods)
    rows = found.compared.sort_values(["gain_value", "scenario"], ascending=[False, True])
    shown = pd.DataFrame(
        {
            t("scenarios.col.code"): rows["scenario"],
            **{t(f"scenarios.col.{key}"): rows[name].map(show) for key, name, show in _columns(t)},
        }
    )
    with pd.option_context("display.unicode.east_asian_width", True):
        text = shown.to_string(index=False)
    solved = t("scenarios.cli.solved", cycle=cycle, months=months)
    return ["", *_stale(base, t), solved, *(f"  {line}" for line in text.splitlines())]


def _columns(t: Catalogue) -> list[tuple[str, str, Callable[[Any], str]]]:
    """Return heading, column and writing of what is compared."""

    def signed(value: Any) -> str:
        return t.show(value, "signed_money")

    def rate(value: Any) -> str:
        return t.show(value, "rate")

    return [
        ("gain", "gain_value", signed),
        ("change_margin", "change_margin_value", signed),
        ("served", "service_rate", rate),
        ("peak_stock", "stock_value", lambda value: t.show(value, "money")),
        ("busiest", "busiest", lambda value: t.label("resource", value)),
        ("load", "load_rate", rate),
        ("overtime", "overtime_hours", lambda value: f"{value:,.0f}"),
        ("cash", "cash_low_value", signed),
    ]
