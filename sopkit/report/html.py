"""The templates and the style sheet that every part of a page is made with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from sopkit.charts import style
from sopkit.messages import keep_together

TEMPLATES = Path(__file__).parent / "template"


@cache
def macros() -> Any:
    """Return the macros of `parts.html.j2`; whatever they are given is escaped."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters["together"] = lambda text: keep_together(str(text))
    return environment.get_template("parts.html.j2").module


@cache
def style_sheet() -> str:
    """Return the style sheet that pages and JupyterLab share, in light colours."""
    rules = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return f".sopkit{{{style.variables(style.LIGHT)}}}\n{rules}"
