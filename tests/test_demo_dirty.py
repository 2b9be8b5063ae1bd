"""The dirty copy: every kind of defect is named by file and row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sopkit.demo import find_missed, write_dirty
from sopkit.demo.dirty import DEFECTS, INSTANCES, named_places
from sopkit.sources import read_mapping, read_tables

MAPPING = Path(__file__).resolve().parent.parent / "params" / "mapping" / "demo.yaml"


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dirty")
    truth = write_dirty(folder, seed=5)
    loaded = read_tables(
        read_mapping(MAPPING), folder, pd.Timestamp("2026-11-01"), pd.Timestamp("2026-10-31")
    )
    return folder, truth, loaded


def test_there_are_more_than_20_kinds_with_ten_places_each(dirty):
    _, truth, _ = dirty
    counts = truth["kind"].value_counts()
    assert len(counts) == len(DEFECTS) + 1 > 20
    assert (counts == INSTANCES).all()
    assert not truth.duplicated(["file", "sheet", "row"]).any()


def test_truth_says_where_a_defect_stands(dirty):
    folder, truth, _ = dirty
    place = truth[truth["kind"] == "unknown_warehouse"].iloc[0]
    lines = (folder / place["file"]).read_text(encoding="gb18030").splitlines()
    assert "南京分仓" in lines[place["row"] - 1]


def test_at_least_95_percent_of_planted_defects_are_named_with_file_and_row(dirty):
    _, truth, loaded = dirty
    missed = find_missed(truth, loaded.refused, loaded.findings)
    assert len(missed) <= 0.05 * len(truth), missed["kind"].value_counts()


def test_at_most_one_percent_of_rows_is_named_wrongly(dirty):
    _, truth, loaded = dirty
    planted = set(zip(truth["file"], truth["row"], strict=True))
    wrong = named_places(loaded.refused, loaded.findings) - planted
    assert len(wrong) <= 0.01 * loaded.tied["rows_read"].sum()


def test_named_places_reads_row_numbers_out_of_findings():
    refused = pd.DataFrame({"file": ["a.xlsx[表]"], "row": [7]})
    findings = pd.DataFrame({"file": ["b.csv"], "value": ["later in rows 3-5, 9"]})
    places = named_places(refused, findings)
    assert places == {("a.xlsx", 7), ("b.csv", 3), ("b.csv", 4), ("b.csv", 5), ("b.csv", 9)}
