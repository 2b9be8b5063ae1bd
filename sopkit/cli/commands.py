"""All commands, gathered."""

from sopkit.cli import collect, companies, months, singles
from sopkit.cli.app import app

__all__ = ["app", "collect", "companies", "months", "singles"]
