"""What the page says of a KPI: messages as (key, values), so that each language writes its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.kpi.bands import SALES_ROLES
from sopkit.kpi.registry import MONTHLY

Message = tuple[str, dict[str, Any]]
# Format of a value and of a change, by unit.
SPECS = {
    "rate": ("rate", "points"),
    "signed_rate": ("signed_rate", "points"),
    "turns": ("turns", "signed_number"),
    "days": ("days", "signed_number"),
    "value": ("money", "signed_money"),
    "qty": ("qty", "signed_qty"),
    "number": ("number", "signed_number"),
}
ASKED = {
    *("accuracy_low", "bias_low", "bias_high", "otif_low", "turns_low", "turns_high"),
    *("cover_days_low", "cover_days_high", "excess_high", "nervousness_high", "adherence_low"),
}


def tell_value(number: float, unit: str, change: bool = False) -> Message:
    """Return a value, or a change, as its unit writes it.

    Example:
        >>> tell_value(0.95, "rate"), tell_value(-0.01, "rate", change=True)
        (('kpi.in.rate', {'value': 0.95}), ('kpi.in.points', {'value': -0.01}))
    """
    return f"kpi.in.{SPECS[unit][int(change)]}", {"value": number}


def tell_interval(row: Mapping[str, Any]) -> Message:
    """Return the change of a `kpi_compare` row with its interval; why not, where it was refused."""
    if row["verdict"] == "refused":
        return f"kpi.refused.{row['why_refused']}", {}
    names = {"change": "change_number", "low": "lo_95_number", "high": "hi_95_number"}
    values = {name: tell_value(row[of], row["unit"], change=True) for name, of in names.items()}
    return "kpi.interval", values


def tell_measured(row: Mapping[str, Any]) -> Message:
    """Return on what a KPI was measured: level, lag, n; and whose forecast it scores."""
    level: Message = (f"kpi.level.{str(row['level']).removesuffix(MONTHLY)}", {})
    source = row.get("source")
    told = source if isinstance(source, str) and source in ("agreed", "baseline") else ""
    key = f"kpi.on_{told}" if told else "kpi.measured_of"
    return key, {"level": level, "lag": row["lag"], "n": row["n"]}


def tell_owners(row: Mapping[str, Any]) -> Message:
    """Return who answers for a KPI; a side that owns it alone is named so."""
    roles: list[Message] = [
        (f"kpi.role.{role}", {}) for role in (row["sales"], row["operations"]) if role
    ]
    if not roles:
        return "kpi.nobody", {}
    if len(roles) == 1:
        side = "sales" if row["sales"] in SALES_ROLES else "operations"
        return f"kpi.alone_{side}", {"who": roles[0]}
    return "kpi.pair", {"first": roles[0], "second": roles[1]}


def tell_ask(row: Mapping[str, Any], cause: str = "", value: float = 0.0) -> Message:
    """Return what a row of the scorecard asks for.

    Args:
        row: row of `to_scorecard`.
        cause: code that weighs most in it, see `find_causes`.
        value: money above need, for `excess`.
    """
    side = str(row["side"])
    if side == "blank":
        why = row["why_blank"]
        return f"kpi.blank.{why if isinstance(why, str) else 'not_measured'}", {}
    if side in ("good", "none"):
        return f"kpi.ask.{side}", {}
    name = f"{row['kpi']}_{side}"
    if name in ("accuracy_low", "bias_low", "bias_high", "otif_low") and not cause:
        name = ""
    known = name if name in ASKED else f"any_{side}"
    return f"kpi.ask.{known}", {"cause": cause, "value": value}


def tell_windows(compared: pd.DataFrame) -> dict[str, int]:
    """Count the verdicts of `kpi_compare`: better, worse, same (no difference), refused."""
    verdicts = compared["verdict"].value_counts() if len(compared) else pd.Series(dtype=int)
    names = {"better": "better", "worse": "worse", "same": "no_difference", "refused": "refused"}
    return {name: int(verdicts.get(of, 0)) for name, of in names.items()}
