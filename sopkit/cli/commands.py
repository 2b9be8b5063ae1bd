"""All commands, gathered."""

from sopkit.cli import companies, months, singles
from sopkit.cli.app import app

__all__ = ["app", "companies", "months", "singles"]
