"""The templates and the style sheet that every part of a page is made with."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from sopkit.charts import style
from sopkit.messages import keep_together

TEMPLATES = Path(__file__).parent / "template"


_CODE = re.compile(r"(?<![\w-])(?:[A-Z]-)?\d{4}-\d{2}(?:-\w+)?(?![\w-])")


def keep_codes(html: object) -> Markup:
    """Return a cell in which a day, a month or a record's number does not wrap at its hyphens."""
    text = escape(html)
    return text if "<" in text else Markup(_CODE.sub(r'<span class="nb">\g<0></span>', str(text)))


@cache
def macros() -> Any:
    """Return the macros of `parts.html.j2`; whatever they are given is escaped."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters["unbroken"] = keep_codes
    environment.filters["together"] = lambda text: keep_together(str(text))
    return environment.get_template("parts.html.j2").module


@cache
def style_sheet() -> str:
    """Return the style sheet that pages and JupyterLab share, in light colours."""
    rules = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return f".sopkit{{{style.variables(style.LIGHT)}}}\n{rules}"
