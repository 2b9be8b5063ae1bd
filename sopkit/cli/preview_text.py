"""What a preview of people's changes says on a terminal."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from sopkit.scenario.preview import Preview
from sopkit.tables import ALL, PLACE

SHOWN = 12
_LEVEL = ("item", "family", "location", "customer")


def describe_preview(shown: Preview, *, planned: bool = True) -> list[str]:
    """Return a preview as lines: changes, volume, stock, capacity, money, clashes.

    Args:
        planned: the cycle has a supply plan; without one, stock and capacity cannot be shown.
    """
    lines = [*_describe_effect(shown), *_describe_volume(shown)]
    if planned:
        lines += [*_describe_stock(shown), *_describe_capacity(shown)]
    else:
        lines += ["", "Stock and capacity: not shown, the supply review was not run yet."]
    return [*lines, *_describe_money(shown), *_describe_clashes(shown)]


def _describe_effect(shown: Preview) -> list[str]:
    told = shown.effect.assign(
        override=shown.effect["override"].map(_name),
        effect_qty=shown.effect["effect_qty"].map(_signed),
    )
    return ["", "Changes (units over the horizon)", _to_text(told)]


def _describe_volume(shown: Preview) -> list[str]:
    moved = shown.volume[shown.volume["change_qty"].abs() >= 0.5]
    if moved.empty:
        return ["", "Volume: no month changes."]
    told = _months_as_text(moved).assign(
        change_rate=[
            f"{change / before:+.1%}" if before > 0 else "new"
            for change, before in zip(moved["change_qty"], moved["before_qty"], strict=True)
        ],
        change_qty=moved["change_qty"].map(_signed),
    )
    return ["", "Volume by family and month (units)", _shorten(told)]


def _describe_stock(shown: Preview) -> list[str]:
    stock = shown.stock
    worse = stock[
        (stock["after_state"] != stock["before_state"]) & (stock["after_state"] != "fits")
    ]
    worse = worse[worse["after_qty"] < worse["before_qty"]]
    if worse.empty:
        return ["", "Stock, with today's plan: no place falls below its target or goes short."]
    told = pd.DataFrame(
        [
            {
                **dict(zip(PLACE, place, strict=True)),
                "first_month": f"{rows['period'].min():%Y-%m}",
                "months_short": int((rows["after_state"] == "short").sum()),
                "months_below_target": int((rows["after_state"] == "below").sum()),
                "lowest_qty": rows["after_qty"].min(),
            }
            for place, rows in worse.groupby(PLACE, sort=True)
        ]
    ).sort_values(["lowest_qty", *PLACE], kind="stable", ignore_index=True)
    head = f"Stock, with today's plan: {len(told)} place(s) fall below target or go short"
    return ["", head, _shorten(told)]


def _describe_capacity(shown: Preview) -> list[str]:
    moved = shown.capacity
    moved = moved[(moved["after_hours"] - moved["before_hours"]).abs() >= 0.05]
    over = (moved["after_state"] == "over") & (moved["before_state"] != "over")
    overtime = (moved["after_state"] == "overtime") & (moved["before_state"] == "fits")
    if moved.empty:
        return ["", "Capacity: no resource's load changes."]
    change = (moved["after_hours"] - moved["before_hours"]).abs()
    first = moved.assign(_order=-(over * 2.0 + overtime), _change=-change)
    first = first.sort_values(["_order", "_change", "resource", "period"], kind="stable")
    told = _months_as_text(first.drop(columns=["_order", "_change"]))
    head = (
        f"Capacity, rough cut (hours): {len(moved)} resource-months change; "
        f"{int(over.sum())} newly over, {int(overtime.sum())} newly in overtime"
    )
    return ["", head, _shorten(told, 1)]


def _describe_money(shown: Preview) -> list[str]:
    amounts = ["revenue_value", "margin_value"]
    names = [f"{word}_{name}" for name in amounts for word in ("before", "after")]
    sums = shown.money.groupby("family", sort=True)[names].sum()
    for name in amounts:
        sums[f"change_{name}"] = sums[f"after_{name}"] - sums[f"before_{name}"]
    moved = sums[(sums[[f"change_{name}" for name in amounts]].abs() >= 0.5).any(axis=1)]
    if moved.empty:
        return ["", "Money: nothing changes."]
    told = pd.concat([moved, sums.sum().to_frame("all").T]).rename_axis("family").reset_index()
    for name in amounts:
        told[f"change_{name}"] = told[f"change_{name}"].map(_signed)
    kept = ["family"]
    for name in amounts:
        kept += [f"before_{name}", f"after_{name}", f"change_{name}"]
    return ["", "Money over the horizon, as if all demand were served", _to_text(told[kept])]


def _describe_clashes(shown: Preview) -> list[str]:
    if shown.clash.empty:
        return ["", "Clashes: none."]
    lines = [_describe_clash(dict(one)) for one in shown.clash.to_dict("records")]
    head = f"Clashes: {len(lines)}; both stay, the first named is applied first. Talk to each other"
    return ["", head, *lines[:SHOWN], *_more(len(lines) - SHOWN)]


def _describe_clash(one: dict[Any, Any]) -> str:
    first = f"{_name(one['override'])} ({one['owner']})"
    other = f"{_name(one['other_override'])} ({one['other_owner']})"
    return (
        f"  {first} and {other}: {_name_level(one)}, {_name_months(one)}; apart "
        f"{_signed(one['effect_qty'])} and {_signed(one['other_effect_qty'])}, together "
        f"{_signed(one['together_qty'])} units"
    )


def _name(number: str) -> str:
    """Return a number as written; the stand-in of a row without one in short."""
    return re.sub(r"^row 0+", "row ", number)


def _name_level(one: dict[Any, Any]) -> str:
    named = [f"{name} {one[name]}" for name in _LEVEL if one[name] != ALL]
    return " ".join(named) or "everything"


def _name_months(one: dict[Any, Any]) -> str:
    first, last = f"{one['first_period']:%Y-%m}", f"{one['last_period']:%Y-%m}"
    return first if first == last else f"{first} to {last}"


def _months_as_text(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(period=rows["period"].dt.strftime("%Y-%m"))


def _signed(number: float) -> str:
    return f"{number:+,.0f}"


def _shorten(rows: pd.DataFrame, digits: int = 0) -> str:
    return "\n".join([_to_text(rows.head(SHOWN), digits), *_more(len(rows) - SHOWN)])


def _more(count: int) -> list[str]:
    return [f"  and {count} more"] if count > 0 else []


def _to_text(rows: pd.DataFrame, digits: int = 0) -> str:
    return rows.to_string(index=False, float_format=lambda number: f"{number:,.{digits}f}")
