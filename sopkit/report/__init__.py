"""Pages: the parts a notebook shows, the site built from them, the workbook of the plan.

In a notebook::

    page = open_page(c, "supply", lang=lang, interactive=interactive)
    page.answer("supply.answer", n=2, cost=4.9e6)

Every part carries both languages, so that one run of a notebook gives both pages. `build_site`
(in `sopkit.report.site`) reads the executed notebooks and writes the pages.
"""

from __future__ import annotations

from sopkit.report.drawn import Amount, Band, Say, Spark
from sopkit.report.parts import Card, Figure, Page, Part, open_page

__all__ = ["Amount", "Band", "Card", "Figure", "Page", "Part", "Say", "Spark", "open_page"]
