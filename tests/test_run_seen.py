"""Company files that look as they did are not read again; one that changed is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from sopkit.run import seen
from sopkit.run.seen import hash_company_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The tiny company's folder."""
    return shutil.copytree(ROOT / "tests/tiny", tmp_path / "tiny")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List which hashes were asked of the sources room."""
    keys: list[str] = []
    ask = seen._ask

    def note(*given: object) -> object:
        keys.append(str(given[2]))
        return ask(*given)

    monkeypatch.setattr(seen, "_ask", note)
    return keys


def both(folder: Path) -> tuple[str, str]:
    memory = folder / ".seen.json"
    return (
        hash_company_files(folder, "demo", ("location",), memory),
        hash_company_files(folder, "demo", ("override",), memory),
    )


def test_files_that_look_the_same_are_asked_for_once(folder, asked):
    first = both(folder)
    assert both(folder) == first
    assert asked == ["location", "override"]


def test_a_changed_override_changes_its_own_hash_alone(folder, asked):
    location, override = both(folder)
    with (folder / "raw" / "override.csv").open("a") as file:
        file.write("\n")
    assert both(folder)[0] == location
    assert both(folder)[1] != override
    assert asked == ["location", "override", "location", "override"]


def test_a_file_only_touched_gives_the_same_hash(folder, asked):
    first = both(folder)
    os.utime(folder / "raw" / "location.csv", (1, 1))
    assert both(folder) == first


def test_a_damaged_memory_is_no_matter(folder, asked):
    first = both(folder)
    for text in ("{", "[]", "{}"):
        (folder / ".seen.json").write_text(text)
        assert both(folder) == first
