"""One executed notebook to one page a language."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sopkit.charts import style
from sopkit.cycle import STAGES, CyclePaths, Manifest, write_atomic
from sopkit.messages import LANGUAGES, Catalogue, catalogue
from sopkit.report.company import Company
from sopkit.report.html import TEMPLATES, style_sheet
from sopkit.report.offline import check_offline
from sopkit.report.parts import PART_TYPE
from sopkit.tables import INPUT_TABLES

REVIEWS = {step: stage for stage, step in STAGES.items() if stage != "publish"}
HTML_LANG = {"en": "en", "zh": "zh-CN"}
Stored = dict[str, Any]
_MARK = "<!--scripts-->"


@dataclass(frozen=True)
class Review:
    """An executed notebook's parts.

    Args:
        step: name of the notebook, such as `03_supply_review`.
        parts: the parts in order, each with the HTML of every language.
    """

    step: str
    parts: list[Stored]

    def answer(self, lang: str) -> str:
        """Return the sentence that answers the meeting's question; empty where there is none."""
        found = (part for part in self.parts if part.get("kind") == "answer")
        return str(next(found, {}).get("text", {}).get(lang, ""))

    @property
    def has_chart(self) -> bool:
        """Whether a part needs the page's script."""
        return any(
            'class="spec"' in part.get(lang, "") for part in self.parts for lang in LANGUAGES
        )


@dataclass(frozen=True)
class Issue:
    """A cycle as it is to be shown: its record, company, and the reviews there are."""

    paths: CyclePaths
    manifest: Manifest
    company: Company
    reviews: dict[str, Review] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """State of the cycle: published, failed (a step did not finish) or draft."""
        if self.manifest.state == "published":
            return "published"
        steps = self.manifest.steps.items()
        failed = [n for n, s in steps if n in REVIEWS and s.state in ("failed", "interrupted")]
        return "failed" if failed else "draft"

    @property
    def fingerprint(self) -> str:
        """First 12 digits of one hash over the company's tables; empty before there are any."""
        import hashlib

        tables = self.manifest.tables
        known = [f"{name} {tables[name].sha256}" for name in sorted(INPUT_TABLES) if name in tables]
        return hashlib.sha256("\n".join(known).encode()).hexdigest()[:12] if known else ""


def read_review(path: Path) -> Review:
    """Return the parts of an executed notebook, in the order of its cells."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    parts = [o["data"][PART_TYPE] for o in outputs if PART_TYPE in o.get("data", {})]
    return Review(path.stem, parts)


def page_name(step: str, lang: str) -> str:
    """Return a page's file name: ``03_supply_review.zh.html``."""
    return f"{step}.{lang}.html"


def write_page(issue: Issue, review: Review, lang: str, folder: Path, bundle: str) -> Path:
    """Write a review's page in one language, whole or not at all.

    Raises:
        SopkitError: the page would ask something of the network.
    """
    path = folder / page_name(review.step, lang)
    html = _render_frame(issue, review, lang)
    check_offline(html, path.name)
    write_atomic(path, html.replace(_MARK, _checked_scripts(bundle), 1).encode())
    return path


def render_page(issue: Issue, review: Review, lang: str, bundle: str) -> str:
    """Return a review's page: frame, parts, record; with the bundle where there are charts."""
    return _render_frame(issue, review, lang).replace(_MARK, _scripts(bundle), 1)


def _render_frame(issue: Issue, review: Review, lang: str) -> str:
    """Return a page with a mark where its scripts belong, if it has charts."""
    # the format checker nbformat loads on import builds grammars for seconds; it is not needed
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import nbformat

    parts = enumerate(review.parts)
    cells = [_to_cell(f"part-{number}", part.get(lang, "")) for number, part in parts]
    context = page_context(issue, review, catalogue(lang))
    context["scripts"] = _MARK if review.has_chart else ""
    notebook = nbformat.from_dict({**nbformat.v4.new_notebook(), "cells": cells})
    html, _ = page_exporter().from_notebook_node(notebook, resources={"page": context})
    return str(html)


def _to_cell(name: str, html: str) -> Stored:
    """Return a cell that shows HTML; not checked cell by cell, which takes longer than the page."""
    shown = {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}
    empty: Stored = {"cell_type": "code", "metadata": {}, "source": "", "execution_count": None}
    return {**empty, "id": name, "outputs": [shown]}


def _scripts(bundle: str) -> str:
    drawing = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return f"<script>{bundle}</script>\n<script>{drawing}</script>"


@lru_cache(maxsize=1)
def _checked_scripts(bundle: str) -> str:
    """Return the scripts that all pages share, checked once for all."""
    scripts = _scripts(bundle)
    check_offline(scripts, "scripts of all pages")
    return scripts


def page_context(issue: Issue, review: Review, t: Catalogue) -> dict[str, Any]:
    """Return what the page's frame says."""
    other = next(lang for lang in LANGUAGES if lang != t.lang)
    stage = REVIEWS.get(review.step, "")
    name = t(f"page.{stage}") if stage else review.step
    company = issue.company.names[t.lang]
    return {
        **frame_context(t),
        "title": f"{name} {issue.paths.name}, {company}",
        "index": f"../index.{t.lang}.html",
        "company": company,
        "cycle": issue.paths.name,
        "links": _links(issue, review, t),
        "state": issue.state,
        "state_word": t(f"nav.state.{issue.state}"),
        "other": page_name(review.step, other),
        "facts": _facts(issue, review, t),
        "last_word": t("record.draft") if issue.state == "draft" else "",
    }


def frame_context(t: Catalogue) -> dict[str, Any]:
    """Return what every page's frame says: language, style, the switch of language."""
    other = next(lang for lang in LANGUAGES if lang != t.lang)
    return {
        "html_lang": HTML_LANG[t.lang],
        "style": page_style(),
        "not_run": t("nav.not_run"),
        "other_lang": HTML_LANG[other],
        "other_word": t("nav.other_language"),
        "links": [],
        "facts": [],
        "scripts": "",
    }


@cache
def page_style() -> str:
    """Return the style sheet of pages: that of the parts, the frame, the dark colours."""
    frame = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    dark = f".sopkit{{{style.variables(style.DARK)}}}"
    return f"{style_sheet()}{frame}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _links(issue: Issue, review: Review, t: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            "text": t(f"nav.{stage}"),
            "href": page_name(step, t.lang) if step in issue.reviews else "",
            "here": step == review.step,
        }
        for step, stage in REVIEWS.items()
    ]


def _facts(issue: Issue, review: Review, t: Catalogue) -> list[dict[str, str]]:
    record = issue.manifest.steps.get(review.step)
    facts: Mapping[str, str] = {
        "fingerprint": issue.fingerprint,
        "ran": record.started[:16].replace("T", " ") if record else "",
    }
    own = any(part.get("kind") == "record" for part in review.parts)
    if not own:
        facts = {"cycle": issue.paths.name, "version": issue.manifest.version, **facts}
    return [{"label": t(f"record.{k}"), "value": value} for k, value in facts.items() if value]


@cache
def page_exporter() -> Any:
    """Return what turns a notebook into a page."""
    from nbconvert.exporters import HTMLExporter

    class PageExporter(HTMLExporter):
        """nbconvert's exporter on the kit's own template; parts are taken as they stand."""

        def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> Any:
            """Return the page; the parent's pass over images and inputs has nothing to do here."""
            self.register_filter("highlight_code", lambda source, **_: "")
            self.register_filter("filter_data_type", lambda data: list(data))
            filled = self._init_resources(resources)
            return super(HTMLExporter, self).from_notebook_node(nb, filled, **kw)

    return PageExporter(
        template_name="page", extra_template_basedirs=[str(TEMPLATES)], preprocessors=[]
    )
