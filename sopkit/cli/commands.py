"""All commands, gathered."""

from sopkit.cli import (
    book,
    collect,
    companies,
    forecast,
    months,
    people,
    process,
    questions,
    refresh,
    scenarios,
    singles,
)
from sopkit.cli.app import app

__all__ = [
    "app",
    "book",
    "collect",
    "companies",
    "forecast",
    "months",
    "people",
    "process",
    "questions",
    "refresh",
    "scenarios",
    "singles",
]
