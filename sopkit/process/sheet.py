"""A meeting's sheet: headings with lines, as text for the screen and as a self-contained page."""

from __future__ import annotations

from dataclasses import dataclass

from sopkit.report.html import TEMPLATES, style_sheet
from sopkit.report.offline import check_offline
from sopkit.report.pages import HTML_LANG

_PAGE = """<!DOCTYPE html>
<html lang="{{ html_lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ sheet.title }}</title>
<style>{{ css }}</style>
</head>
<body class="sopkit">
<main>
<h1>{{ sheet.title }}</h1>
<p class="sub">{{ sheet.sub }}</p>
{% for section in sheet.sections %}<section>
<h2>{{ section.heading }}</h2>
<ul>
{% for line in section.lines %}<li>{{ line }}</li>
{% endfor %}</ul>
</section>
{% endfor %}<p class="note">{{ foot }}</p>
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A title, a line below it, and sections."""

    title: str
    sub: str
    sections: tuple[Section, ...]


def to_text(sheet: Sheet, foot: str) -> str:
    """Return a sheet as lines for the screen."""
    lines = [sheet.title, sheet.sub]
    for section in sheet.sections:
        lines += ["", section.heading, *(f"  {line}" for line in section.lines)]
    return "\n".join([*lines, "", foot])


def to_html(sheet: Sheet, lang: str, foot: str) -> str:
    """Return a sheet as a page that asks nothing of the network; all text is escaped.

    Raises:
        SopkitError: the page would load something.
    """
    from jinja2 import Environment
    from markupsafe import Markup

    css = Markup(style_sheet() + (TEMPLATES / "page.css").read_text(encoding="utf-8"))
    template = Environment(autoescape=True, trim_blocks=True).from_string(_PAGE)
    page = template.render(sheet=sheet, css=css, html_lang=HTML_LANG[lang], foot=foot)
    check_offline(page, sheet.title)
    return page
