"""What every test stands on: pandas in its coming mode, where the real cases are, no silent skip."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from planbook_databases import postgres, url  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
CASES = Path(os.environ.get("SOPKIT_CASES", ROOT / "../shared/cases")).resolve()

LONGEST = (
    "test_adventureworks",
    "test_notebooks",
    "test_faults",
    "test_demand_moves",
    "test_second_cycle",
    "test_supply_living",
    "test_planbook_records",
)

pd.set_option("mode.copy_on_write", True)
pd.set_option("future.infer_string", True)


@pytest.fixture(scope="session")
def cases() -> Path:
    """Return the folder of the real cases, or skip; where SOPKIT_CASES is set it must be there."""
    if not CASES.is_dir():
        if "SOPKIT_CASES" in os.environ:
            pytest.fail(f"SOPKIT_CASES names {CASES}, which is not there")
        pytest.skip("no real cases here: set SOPKIT_CASES to their folder")
    os.environ["SOPKIT_CASES"] = str(CASES)
    return CASES


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a planning folder of the tiny company, with the notebooks, free to write in."""
    folder = tmp_path / "tiny"
    shutil.copytree(ROOT / "tests/tiny", folder)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copy(ROOT / "params/kpi.yaml", folder / "params/kpi.yaml")
    monkeypatch.setenv("SOPKIT_HOME", str(folder))
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that both workers come to their end together."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else 99)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Turn a skip into a failure where SOPKIT_NO_SKIP is set: nothing goes untested unseen."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("SOPKIT_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
