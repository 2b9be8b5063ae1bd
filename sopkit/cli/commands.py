"""All commands, gathered."""

from sopkit.cli import collect, companies, forecast, months, people, process, questions, singles
from sopkit.cli.app import app

__all__ = ["app", "collect", "companies", "forecast", "months", "people", "process", "questions", "singles"]
