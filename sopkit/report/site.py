"""The report site: pages of the reviews in two languages, the workbook, the list of months."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from sopkit.cycle import list_cycles, read_manifest, to_paths, write_atomic
from sopkit.errors import CycleError
from sopkit.messages import LANGUAGES, Catalogue, catalogue
from sopkit.report.company import read_company
from sopkit.report.html import TEMPLATES
from sopkit.report.offline import check_offline
from sopkit.report.pages import (
    HTML_LANG,
    REVIEWS,
    Issue,
    frame_context,
    page_exporter,
    page_name,
    read_review,
    write_page,
)
from sopkit.report.workbook import list_contents, make_workbook, write_workbook

WORKBOOK = "plan.xlsx"


def build_site(folder: str | Path, cycle: str | None = None, lang: str = "en") -> Path:
    """Write the report site of a planning folder; return the path of its `index.html`.

    Args:
        folder: the planning folder; pages go to `reports/` in it.
        cycle: the one cycle whose pages are written anew; None: all. The list of months always is.
        lang: language of `index.html` and of the workbook; every page exists in both.

    Raises:
        CycleError: there is no such cycle.
        SopkitError: a page would ask something of the network.
    """
    home = Path(folder)
    issues = {name: read_issue(home, name) for name in list_cycles(home)}
    if cycle is not None and cycle not in issues:
        raise CycleError(f"Cycle {cycle} was never run in {home}: sopkit run {cycle}")
    for name, issue in issues.items():
        if cycle in (None, name):
            write_issue(issue, home / "reports", lang)
    return write_index(list(issues.values()), home / "reports", lang)


def read_issue(folder: Path, cycle: str) -> Issue:
    """Return a cycle as it is to be shown: its record and the reviews run so far."""
    paths = to_paths(cycle, folder)
    manifest = read_manifest(paths)
    if manifest is None:
        raise CycleError(f"Cycle {cycle} was never run in {folder}: sopkit run {cycle}")
    found = sorted(paths.executed_dir.glob("*.ipynb"))
    reviews = {path.stem: read_review(path) for path in found}
    return Issue(paths, manifest, read_company(folder, manifest), reviews)


def write_issue(issue: Issue, reports: Path, lang: str) -> list[Path]:
    """Write a cycle's pages and workbook; pages of reviews that are gone are taken away."""
    folder = reports / issue.paths.name
    folder.mkdir(parents=True, exist_ok=True)
    charts = any(review.has_chart for review in issue.reviews.values())
    bundle = read_bundle(reports) if charts else ""
    written = [
        write_page(issue, review, one, folder, bundle)
        for review in issue.reviews.values()
        for one in LANGUAGES
    ]
    for stale in set(folder.glob("[0-9]*.html")) - set(written):
        stale.unlink()
    write_workbook(issue, folder / WORKBOOK, lang)
    return written


def warm_site(folder: str | Path) -> None:
    """Load what a site is built with, and make the charts' script: some seconds less later."""
    for name in ("pyarrow.parquet", "xlsxwriter", "nbformat"):
        import_module(name)
    page_exporter()
    read_bundle(Path(folder) / "reports")


def prepare_workbook(folder: str | Path, cycle: str, lang: str) -> None:
    """Make the workbook of a plan whose last review is still at work, so that it is there."""
    make_workbook(list_contents(read_issue(Path(folder), cycle), lang))


def read_bundle(reports: Path) -> str:
    """Return the charts' script, kept in `reports/.cache` because making it takes seconds."""
    kept = reports / ".cache" / f"charts-{version('vl-convert-python')}.js"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    text = _make_bundle()
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(kept, text.encode())
    return text


@cache
def _make_bundle() -> str:
    import vl_convert

    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return bundle.replace("</script", "<\\/script")


def write_index(issues: list[Issue], reports: Path, lang: str) -> Path:
    """Write the list of months in each language, and `index.html` in the language asked for."""
    reports.mkdir(parents=True, exist_ok=True)
    pages = {one: render_index(issues, reports, catalogue(one)) for one in LANGUAGES}
    for one, html in pages.items():
        check_offline(html, f"index.{one}.html")
        write_atomic(reports / f"index.{one}.html", html.encode())
    write_atomic(reports / "index.html", pages[lang].encode())
    return reports / "index.html"


def render_index(issues: list[Issue], reports: Path, t: Catalogue) -> str:
    """Return the list of months: newest first, each with state, answer, ways to its pages."""
    other = next(lang for lang in LANGUAGES if lang != t.lang)
    names = sorted({issue.company.names[t.lang] for issue in issues})
    companies = [
        {
            "name": name,
            "cycles": [
                _describe(issue, reports, t)
                for issue in sorted(issues, key=lambda i: i.paths.name, reverse=True)
                if issue.company.names[t.lang] == name
            ],
        }
        for name in names
    ]
    page = {
        **frame_context(t),
        "style": Markup(frame_context(t)["style"]),
        "title": t("index.title"),
        "sub": t("index.sub", n=len(issues)) if issues else t("index.empty"),
        "company": names[0] if len(names) == 1 else "sopkit",
        "other": f"index.{other}.html",
    }
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / "page", TEMPLATES]), autoescape=True
    )
    return environment.get_template("contents.html.j2").render(page=page, companies=companies)


def _describe(issue: Issue, reports: Path, t: Catalogue) -> dict[str, Any]:
    name = issue.paths.name
    spoken = [
        step for step in REVIEWS if step in issue.reviews and issue.reviews[step].answer(t.lang)
    ]
    last = spoken[-1] if spoken else ""
    there = (reports / name / WORKBOOK).is_file()
    return {
        "month": t("index.month", p=f"{name}-01"),
        "state": issue.state,
        "state_word": t(f"nav.state.{issue.state}"),
        "answer": issue.reviews[last].answer(t.lang) if last else "",
        "answer_href": f"{name}/{page_name(last, t.lang)}",
        "ways": [{"links": _ways(issue, step, stage, t)} for step, stage in REVIEWS.items()],
        "workbook": f"{name}/{WORKBOOK}" if there else "",
        "workbook_word": t("index.workbook"),
    }


def _ways(issue: Issue, step: str, stage: str, t: Catalogue) -> list[dict[str, str]]:
    if step not in issue.reviews:
        return [{"text": t(f"nav.{stage}"), "href": ""}]
    other = next(lang for lang in LANGUAGES if lang != t.lang)
    base = issue.paths.name
    return [
        {"text": t(f"nav.{stage}"), "href": f"{base}/{page_name(step, t.lang)}"},
        {
            "text": t("index.in_other"),
            "href": f"{base}/{page_name(step, other)}",
            "lang": HTML_LANG[other],
        },
    ]
