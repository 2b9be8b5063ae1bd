"""Publishing and reopening a month bring its pages and workbook up to date."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from process_case import CYCLE, OF_STEP, make_cycle, nothing_due, table_of
from typer.testing import CliRunner

import sopkit.report.site as site
import sopkit.run.site as after
from sopkit.cli.commands import app
from sopkit.cycle import CyclePaths, hold_lock, read_manifest
from sopkit.errors import SopkitError
from sopkit.run.month import Tell

pytestmark = pytest.mark.usefixtures(nothing_due.__name__)
FIRM = {
    "flow_kind": ["buy"],
    "item": ["C"],
    "location": ["P1"],
    "source": ["S1"],
    "period": [pd.Timestamp("2026-11-01")],
    "flow_qty": [60.0],
    "order_qty": [75.0],
    "lot_qty": [25.0],
    "carried_qty": [15.0],
    "rounding_value": [0.0],
}


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CyclePaths:
    """A reviewed month without signatures, its report built as a draft."""
    tables = {**OF_STEP, "supply": {"firm_order": table_of("firm_order", **FIRM)}}
    paths = make_cycle(tmp_path, tables, process=False)
    paths.executed_dir.mkdir(parents=True)
    (paths.executed_dir / "03_supply_review.ipynb").write_text(json.dumps({"cells": []}))
    monkeypatch.setenv("SOPKIT_HOME", str(tmp_path))
    monkeypatch.setenv("SOPKIT_USER", "general.manager")
    monkeypatch.delenv("SOPKIT_PLANBOOK_URL", raising=False)
    after.build_report(paths, read_manifest(paths), "zh", Tell())
    return paths


def call(*words: str):
    return CliRunner().invoke(app, list(words))


def reopen():
    return call("reopen", CYCLE, "--role", "general_manager", "--reason", "wrong price")


def state_of(paths: CyclePaths) -> set[str]:
    """Return the states that the month's pages and the lists of months show."""
    pages = paths.folder / "reports"
    found = [*pages.glob("index*.html"), *(pages / CYCLE).glob("*.html")]
    assert len(found) == 5
    texts = [page.read_text(encoding="utf-8") for page in found]
    states = ("draft", "published")
    return {one for text in texts for one in states if f'class="state {one}"' in text}


def released(paths: CyclePaths) -> list[object]:
    """Return the first cells of the sheet of released orders, below its heading."""
    book = openpyxl.load_workbook(paths.folder / "reports" / CYCLE / site.WORKBOOK)
    return [row[0] for row in book["已下达订单"].iter_rows(min_row=2, values_only=True)]


def test_publish_shows_the_month_as_published_and_its_orders_in_the_workbook(paths):
    assert (state_of(paths), released(paths)) == ({"draft"}, [])
    done = call("publish", CYCLE)
    assert done.exit_code == 0, done.output
    assert (state_of(paths), released(paths)) == ({"published"}, ["2026-11-B0001"])
    first = (paths.folder / "reports" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in first  # as the site was built last


def test_status_after_publish_names_nothing_altered_and_no_old_report(paths):
    call("publish", CYCLE)
    told = call("status", CYCLE).output
    assert f"Cycle {CYCLE} of demo: published" in told
    assert "altered" not in told
    assert "sopkit report" not in told


def test_reopen_shows_the_month_as_a_draft_without_orders(paths):
    call("publish", CYCLE)
    done = reopen()
    assert done.exit_code == 0, done.output
    assert (state_of(paths), released(paths)) == ({"draft"}, [])
    assert call("publish", CYCLE).exit_code == 0
    assert (state_of(paths), released(paths)) == ({"published"}, ["2026-11-B0001"])


@pytest.mark.parametrize("command", ["publish", "reopen"])
def test_a_report_that_fails_undoes_nothing_and_is_built_by_report(paths, monkeypatch, command):
    if command == "reopen":
        call("publish", CYCLE)
    state = {"publish": "published", "reopen": "draft"}[command]
    with monkeypatch.context() as patched:
        patched.setattr(site, "write_index", lambda *_: 1 / 0)
        done = call("publish", CYCLE) if command == "publish" else reopen()
    assert done.exit_code == 4
    assert done.stderr.count(f"sopkit report {CYCLE}") == 1
    assert "Traceback" not in done.output
    assert read_manifest(paths).state == state
    told = call("status", CYCLE).output
    assert f"The report does not show this yet: sopkit report {CYCLE}" in told
    assert call("report", CYCLE).exit_code == 0
    assert state_of(paths) == {state}
    told = call("status", CYCLE).output
    assert "report" not in told


def test_a_publication_cut_off_before_the_report_is_completed_by_publishing_again(
    paths, monkeypatch
):
    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(site, "write_issue", cut_off)
        assert call("publish", CYCLE).exit_code == 130
    assert (read_manifest(paths).state, state_of(paths)) == ("published", {"draft"})
    again = call("publish", CYCLE)
    assert again.exit_code == 5
    assert "is published" in again.stderr
    assert (state_of(paths), released(paths)) == ({"published"}, ["2026-11-B0001"])


def test_publishing_twice_builds_the_report_once(paths, monkeypatch):
    call("publish", CYCLE)
    built: list[object] = []
    monkeypatch.setattr(site, "build_site", lambda *told: built.append(told))
    assert call("publish", CYCLE).exit_code == 5
    assert built == []


def test_report_beside_a_run_builds_the_pages_and_leaves_the_record_to_the_run(paths, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(site, "write_index", lambda *_: 1 / 0)
        call("publish", CYCLE)
    with hold_lock(paths):
        assert call("report", CYCLE).exit_code == 0
    assert state_of(paths) == {"published"}
    assert read_manifest(paths).steps["report"].state == "failed"


def test_a_draft_whose_report_failed_once_is_shown_as_a_draft(paths, monkeypatch):
    manifest = read_manifest(paths)
    with monkeypatch.context() as patched:
        patched.setattr(site, "write_index", lambda *_: 1 / 0)
        with pytest.raises(SopkitError, match="could not be built"):
            after.build_report(paths, manifest, "en", Tell(), always=True)
    after.build_report(paths, manifest, "en", Tell())
    assert state_of(paths) == {"draft"}
