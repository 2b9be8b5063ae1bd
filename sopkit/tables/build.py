"""Short forms in which the contracts are written: one function for each kind of column."""

from __future__ import annotations

from typing import Any

from sopkit.tables.contract import Column, Table

ALL = "all"


def code(name: str, about: str, refers: str = "", **options: Any) -> Column:
    """Return a text column that holds a code."""
    return Column(name, about, "text", refers=refers, **options)


def words(name: str, about: str, **options: Any) -> Column:
    """Return an optional text column for people to read."""
    return Column(name, about, "text", **{"required": False, "blank": True, **options})


def month(name: str = "period", about: str = "month, as its first day") -> Column:
    """Return a month column."""
    return Column(name, about, "month", unit="month")


def date(name: str, about: str, **options: Any) -> Column:
    """Return an optional date column."""
    return Column(name, about, "date", unit="day", **{"required": False, "blank": True, **options})


def qty(name: str, about: str, **options: Any) -> Column:
    """Return a quantity in base units of the item."""
    return Column(name, about, "number", unit="base units", **{"minimum": 0.0, **options})


def signed_qty(name: str, about: str, **options: Any) -> Column:
    """Return a quantity that may be negative."""
    return Column(name, about, "number", unit="base units", **options)


def value(name: str, about: str, **options: Any) -> Column:
    """Return an amount of money, net of tax."""
    return Column(name, about, "number", unit="currency", **options)


def hours(name: str, about: str, **options: Any) -> Column:
    """Return hours."""
    return Column(name, about, "number", unit="hours", **{"minimum": 0.0, **options})


def days(name: str, about: str, **options: Any) -> Column:
    """Return calendar days."""
    return Column(
        name, about, "number", unit="days", **{"minimum": 0.0, "required": False, **options}
    )


def rate(name: str, about: str, **options: Any) -> Column:
    """Return a ratio; 1 is 100 %."""
    return Column(name, about, "number", unit="ratio, 1 = 100 %", **options)


def number(name: str, about: str, unit: str, **options: Any) -> Column:
    """Return any other number, with its unit."""
    return Column(name, about, "number", unit=unit, **options)


def whole(name: str, about: str, **options: Any) -> Column:
    """Return a whole number."""
    return Column(name, about, "whole", unit="count", **options)


def flag(name: str, about: str, default: bool = False) -> Column:
    """Return a yes-or-no column."""
    return Column(name, about, "flag", required=False, default=default)


def item_place() -> tuple[Column, ...]:
    """Return the grain of plans: item and location."""
    return (code("item", "item code"), code("location", "location code"))


def result(owner: str, name: str, key: tuple[str, ...], about: str, *columns: Column) -> Table:
    """Return the contract of a result: what one review, its owner, writes."""
    return Table(name=name, owner=owner, group="result", key=key, about=about, columns=columns)
