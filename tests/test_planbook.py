"""The planbook, the same on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta, timezone

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from builders import table
from conftest import ROOT

from sopkit.errors import CycleError, InputError, ParameterError
from sopkit.planbook import (
    find_book_file,
    find_override_problems,
    fingerprint_planbook,
    has_planbook,
    open_planbook,
)
from sopkit.planbook.connect import HEAD, connect, describe_url, reading, to_config, to_url, writing
from sopkit.planbook.schema import METADATA
from sopkit.tables import TABLES, check_table, fit_columns

NOW = datetime(2025, 11, 3, 9, 30, tzinfo=timezone(timedelta(hours=8)))
LEVEL = "item family location customer"


@pytest.fixture
def book(url, tmp_path):
    with open_planbook(tmp_path, url, company="tiny") as opened:
        yield opened


def overrides(*rows: str) -> pd.DataFrame:
    header = f"{LEVEL} start_period end_period method amount"
    return table(header, *rows).assign(reason_code="promotion", owner="North")


def streams(*rows: str) -> pd.DataFrame:
    return table(f"stream owner {LEVEL} period forecast_qty", *rows)


TWO = ("A all D all 2026-12 2027-01 delta 10", "all Tea all all 2026-12 2027-02 percent 0.1")
SALES = ("sales North A all D all 2026-12 10", "sales North A all D all 2027-01 0")


def test_what_was_entered_is_read_back_under_a_number(book):
    kept = book.add_overrides(overrides(*TWO), "2026-11", "li", source="a.xlsx", now=NOW)
    assert kept["override"].tolist() == ["O-2026-11-001", "O-2026-11-002"]
    read = book.read_overrides()
    pd.testing.assert_frame_equal(read, check_table(kept, TABLES["override"]))
    assert read["amount"].tolist() == [10, 0.1]
    assert read["entered_date"].tolist() == [pd.Timestamp("2025-11-03")] * 2
    records = book.read_override_records()
    first = records.iloc[0]
    assert first[["company", "cycle", "author", "source", "version"]].tolist() == [
        "tiny", "2026-11", "li", "a.xlsx", 1,
    ]  # fmt: skip
    assert first["entered_at"] == NOW.astimezone().isoformat(timespec="seconds")


def test_the_clock_is_read_with_its_zone_where_no_time_is_given(book):
    book.add_overrides(overrides(TWO[0]), "2026-11", "li")
    entered = datetime.fromisoformat(book.read_override_records()["entered_at"].iloc[0])
    assert entered.tzinfo is not None
    assert abs(datetime.now().astimezone() - entered) < timedelta(minutes=1)


def test_numbers_go_on_and_given_numbers_are_kept(book):
    book.add_overrides(overrides(TWO[0]), "2026-11", "li")
    given = overrides("B all D all 2026-12 2026-12 delta 1", TWO[1])
    kept = book.add_overrides(given.assign(override=["TZ-7", None]), "2026-11", "li")
    assert kept["override"].tolist() == ["TZ-7", "O-2026-11-002"]
    later = book.add_overrides(overrides("C all D all 2027-01 2027-01 delta 1"), "2026-12", "li")
    assert later["override"].tolist() == ["O-2026-12-001"]


def test_one_bad_row_and_nothing_is_entered_and_all_problems_are_named(book):
    bad = overrides(
        "A all D all 2026-12 2027-01 delta -",
        "A Tea D all 2026-12 2026-11 delta 5",
        "A all D all 2026-12 2026-12 percent 15",
        "A all D all 2026-12 2026-12 absolute -1",
        "A all D all 2026-12 2026-12 times 5",
        "B all D all 2026-12 2026-12 delta 5",
    )
    with pytest.raises(InputError) as error:
        book.add_overrides(bad, "2026-11", " ")
    lines = str(error.value).splitlines()
    assert [line.strip(" *").split(";")[0] for line in lines[1:-1]] == [
        "the author is blank: say who enters them",
        "row 0, amount: not blank",
        "row 1, end_period: not before the first month",
        "row 1, family: an item or a family, not both",
        "row 2, amount: a ratio from -1 to 10",
        "row 3, amount: at least 0",
        "row 4, method: one of delta, absolute, percent",
    ]
    assert lines[-1] == "Nothing was entered."
    assert book.read_overrides().empty


def test_zero_is_a_number_and_blank_is_none(book):
    zero = overrides("A all D all 2026-12 2026-12 absolute 0")
    book.add_overrides(zero, "2026-11", "li")
    assert book.read_overrides()["amount"].tolist() == [0]
    with pytest.raises(InputError, match="row 0, amount: not blank"):
        book.add_overrides(zero.assign(amount=None), "2026-11", "li")


def test_text_in_place_of_a_number_is_one_message(book):
    with pytest.raises(InputError, match="cannot be read"):
        book.add_overrides(overrides(TWO[0]).assign(amount="many"), "2026-11", "li")


def test_the_same_change_twice_is_refused(book):
    book.add_overrides(overrides(*TWO), "2026-11", "li")
    with pytest.raises(InputError, match="row 0: the same change stands already, as O-2026-11-001"):
        book.add_overrides(overrides(*TWO), "2026-11", "wang")
    book.withdraw_override("O-2026-11-001", "li", "entered too early")
    assert len(book.add_overrides(overrides(TWO[0]), "2026-11", "wang")) == 1


def test_a_number_twice_is_refused(book):
    book.add_overrides(overrides(TWO[0]).assign(override="TZ-7"), "2026-11", "li")
    with pytest.raises(InputError, match="TZ-7 stands in the planbook already"):
        book.add_overrides(overrides(TWO[1]).assign(override="TZ-7"), "2026-11", "li")


def test_an_override_holds_in_later_cycles_until_its_last_month(book):
    book.add_overrides(overrides("A all D all 2026-12 2027-01 delta 10"), "2026-11", "li")
    holds = {cycle: len(book.read_overrides(cycle)) for cycle in ("2026-10", "2026-11", "2027-01")}
    assert holds == {"2026-10": 0, "2026-11": 1, "2027-01": 1}
    assert book.read_overrides("2027-02").empty


def test_a_withdrawn_override_stays_with_who_and_why(book):
    book.add_overrides(overrides(*TWO), "2026-11", "li", now=NOW)
    book.withdraw_override("O-2026-11-001", "wang", "listing fell through", version=1, now=NOW)
    assert book.read_overrides()["status"].tolist() == ["withdrawn", "active"]
    assert book.read_overrides(include_withdrawn=False)["override"].tolist() == ["O-2026-11-002"]
    record = book.read_override_records().iloc[0]
    assert record[["withdrawn_by", "withdrawn_reason", "version"]].tolist() == [
        "wang", "listing fell through", 2,
    ]  # fmt: skip


def test_a_stale_version_is_refused_and_says_who_was_first(book):
    book.add_overrides(overrides(*TWO), "2026-11", "li")
    book.change_override("O-2026-11-001", {"amount": 20.0}, "2026-11", "wang", version=1)
    with pytest.raises(InputError, match=r"you read version 1, now it is 2 \(withdrawn by wang\)"):
        book.withdraw_override("O-2026-11-001", "li", "no longer", version=1)
    with pytest.raises(InputError, match="changed meanwhile"):
        book.change_override("O-2026-11-001", {"amount": 5.0}, "2026-11", "li", version=1)
    assert book.read_overrides(include_withdrawn=False)["amount"].tolist() == [0.1, 20]


@pytest.mark.parametrize(
    ("number", "author", "reason", "says"),
    [
        ("O-1", "li", "because", "No override of tiny has the number O-1"),
        ("O-2026-11-001", "li", " ", "the reason is blank"),
        ("O-2026-11-001", "", "because", "the author is blank"),
    ],
)
def test_a_withdrawal_says_what_it_lacks(book, number, author, reason, says):
    book.add_overrides(overrides(TWO[0]), "2026-11", "li")
    with pytest.raises(InputError, match=says):
        book.withdraw_override(number, author, reason)
    assert book.read_overrides()["status"].tolist() == ["active"]


def test_a_change_is_a_new_record_and_a_bad_one_changes_nothing(book):
    book.add_overrides(overrides(TWO[0]), "2026-11", "li")
    for changes in ({"amount": None}, {"amont": 3}, {"override": "X"}):
        with pytest.raises(InputError):
            book.change_override("O-2026-11-001", changes, "2026-11", "li", version=1)
    assert book.read_overrides()["status"].tolist() == ["active"]
    new = book.change_override("O-2026-11-001", {"amount": 12.0}, "2026-12", "wang", version=1)
    assert new["override"].tolist() == ["O-2026-12-001"]
    old = book.read_override_records().iloc[0]
    assert old["amount"] == 10
    assert old["withdrawn_reason"] == "changed: O-2026-12-001 stands instead"


def test_companies_in_one_database_do_not_see_each_other(book, url, tmp_path):
    book.add_overrides(overrides(TWO[0]), "2026-11", "li")
    with open_planbook(tmp_path, url, company="other") as other:
        assert other.read_overrides().empty
        assert other.read_streams().empty
        kept = other.add_overrides(overrides(TWO[0]), "2026-11", "li")
        assert kept["override"].tolist() == ["O-2026-11-001"]


def test_a_later_number_supersedes_and_both_are_kept(book):
    assert book.add_streams(streams(*SALES), "2026-11", "zhao", "zhao.xlsx!D7", now=NOW) == 2
    changed = streams("sales North A all D all 2026-12 0").assign(note="shop closes")
    assert book.add_streams(changed, "2026-11", "zhao", "zhao.xlsx!D8") == 1
    assert book.read_streams("2026-11")["forecast_qty"].tolist() == [0, 0]
    records = book.read_stream_records("2026-11")
    assert records["forecast_qty"].tolist() == [10, 0, 0]
    assert records["superseded"].tolist() == [True, False, False]
    assert records["note"].tolist() == [None, None, "shop closes"]
    assert records["source"].tolist() == ["zhao.xlsx!D7", "zhao.xlsx!D7", "zhao.xlsx!D8"]


def test_the_same_sheet_read_again_enters_nothing(book):
    own = streams(*SALES).assign(source=["s.xlsx!D7", "s.xlsx!E7"])
    assert book.add_streams(own, "2026-11", "zhao", "s.xlsx") == 2
    assert book.add_streams(own, "2026-11", "zhao", "s.xlsx") == 0
    assert book.read_stream_records("2026-11")["source"].tolist() == ["s.xlsx!D7", "s.xlsx!E7"]


def test_streams_are_read_as_the_contract_by_cycle_and_with_the_past(book):
    book.add_streams(streams(*SALES), "2026-11", "zhao", "a")
    book.add_streams(streams("sales North A all D all 2027-01 7"), "2026-12", "zhao", "b")
    every = book.read_streams()
    pd.testing.assert_frame_equal(every, check_table(every, TABLES["forecast_stream"]))
    assert len(book.read_streams("2026-12")) == 1
    assert len(book.read_streams("2026-12", past=True)) == 3
    assert len(book.read_streams("2026-11", past=True)) == 2


def test_bad_forecasts_are_named_together_and_none_is_entered(book):
    bad = streams(
        "sales North A all D all 2026-12 -",
        "sales North A all D all 2027-01 -3",
        "sales North B all D all 2026-12 5",
        "sales North B all D all 2026-12 6",
    ).assign(cycle=["2026-11", "2026-11", "2026-11", "2026-10"])
    bad = pd.concat([bad, bad.iloc[[2]]], ignore_index=True)
    with pytest.raises(InputError) as error:
        book.add_streams(bad, "2026-11", "zhao", "a")
    told = str(error.value)
    for part in (
        "row 0, forecast_qty: not blank",
        "row 1, forecast_qty: at least 0; there stands -3",
        "row 4, cycle, stream, item, family, location, customer, period: doubled key",
        "row 3, cycle: 2026-10 is not the cycle 2026-11",
    ):
        assert part in told
    assert book.read_streams().empty


def test_many_forecasts_supersede_at_once(book):
    rows = pd.DataFrame({"item": [f"I{n:04d}" for n in range(1500)], "forecast_qty": 1.0}).assign(
        stream="sales", owner="North", period=pd.Timestamp("2026-12-01")
    )
    assert book.add_streams(rows, "2026-11", "zhao", "a") == 1500
    assert book.add_streams(rows.assign(forecast_qty=2.0), "2026-11", "zhao", "a") == 1500
    assert book.read_streams()["forecast_qty"].sum() == 3000


def test_the_fingerprint_tells_content_and_nothing_else(book, url, tmp_path):
    assert book.fingerprint("2026-11") == ""
    book.add_overrides(overrides(TWO[0]), "2026-11", "li", now=NOW)
    one = book.fingerprint("2026-11")
    assert one == book.fingerprint("2026-11") == book.fingerprint("2026-12") != ""
    assert book.fingerprint("2027-05") == ""
    with open_planbook(tmp_path, url, company="other") as other:
        other.add_overrides(overrides(TWO[0]), "2026-11", "wang", source="elsewhere", now=NOW)
        assert other.fingerprint("2026-11") == one
    book.add_streams(streams(SALES[0]), "2026-11", "zhao", "a")
    two = book.fingerprint("2026-11")
    book.withdraw_override("O-2026-11-001", "li", "no")
    three = book.fingerprint("2026-11")
    assert len({one, two, three}) == 3
    book.add_streams(streams(SALES[1]), "2026-12", "zhao", "a")
    assert book.fingerprint("2026-11") == three
    assert fingerprint_planbook(tmp_path, "2026-11", company="tiny", url=url) == three


def test_where_no_book_is_the_fingerprint_is_empty_and_none_is_made(tmp_path, monkeypatch):
    monkeypatch.delenv("SOPKIT_PLANBOOK_URL", raising=False)
    assert fingerprint_planbook(tmp_path, "2026-11", company="tiny") == ""
    assert not has_planbook(tmp_path)
    assert not (tmp_path / "data").exists()


WRITER = """
import sys
from pathlib import Path
import pandas as pd
from sopkit.planbook import open_planbook
folder, url, who, times = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
for n in range(times):
    row = {"item": f"{who}{n}", "location": "D", "method": "delta", "amount": 1.0,
           "start_period": pd.Timestamp("2026-12-01"), "end_period": pd.Timestamp("2026-12-01"),
           "reason_code": "other", "owner": who}
    stream = {"stream": who, "owner": who, "item": f"{n}", "forecast_qty": 1.0,
              "period": pd.Timestamp("2026-12-01")}
    with open_planbook(folder, url, company="tiny") as book:
        book.add_overrides(pd.DataFrame([row]), "2026-11", who)
        book.add_streams(pd.DataFrame([stream]), "2026-11", who, "x")
"""


def test_two_processes_that_write_at_once_lose_nothing(url, tmp_path):
    whose = ("li", "wang")
    command_line = [sys.executable, "-c", WRITER, str(tmp_path), url]
    running = [
        subprocess.Popen([*command_line, who, "25"], stderr=subprocess.PIPE) for who in whose
    ]
    said = [one.communicate(timeout=120)[1].decode() for one in running]
    assert [one.returncode for one in running] == [0, 0], said
    with open_planbook(tmp_path, url, company="tiny") as book:
        records = book.read_override_records()
        assert records["override"].is_unique
        assert records["author"].value_counts().to_dict() == {"li": 25, "wang": 25}
        assert len(book.read_streams()) == 50


def test_tables_as_declared_and_as_migrated_are_the_same(book, url, tmp_path):
    with reading(connect(to_url(tmp_path, url))) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_the_newest_revision_is_the_one_the_code_asks_for():
    scripts = ScriptDirectory(str(ROOT / "sopkit/planbook/migrations"))
    assert scripts.get_current_head() == HEAD


def test_bringing_an_older_book_up_to_date_keeps_its_rows(book, url, tmp_path):
    book.add_overrides(overrides(*TWO), "2026-11", "li", now=NOW)
    scripts = tmp_path / "migrations"
    shutil.copytree(ROOT / "sopkit/planbook/migrations", scripts)
    (scripts / "versions/r999_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = 'r999', '{HEAD}'\n"
        "def upgrade():\n    op.add_column('override', sa.Column('remark', sa.Text))\n"
    )
    engine = connect(to_url(tmp_path, url))
    with writing(engine) as connection:
        config = to_config(connection)
        config.set_main_option("script_location", str(scripts))
        command.upgrade(config, "head")
        kept = connection.execute(sa.text("SELECT override, amount, remark FROM override"))
        assert sorted(map(tuple, kept)) == [
            ("O-2026-11-001", 10.0, None),
            ("O-2026-11-002", 0.1, None),
        ]
        assert MigrationContext.configure(connection).get_current_revision() == "r999"
    engine.dispose()


def test_a_book_of_a_newer_sopkit_is_left_alone(book, url, tmp_path):
    with writing(connect(to_url(tmp_path, url))) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'r777'"))
    with pytest.raises(CycleError, match=r"newer sopkit \(revision r777"):
        open_planbook(tmp_path, url)


def test_a_migration_that_fails_leaves_nothing_half_made(url, tmp_path):
    engine = connect(to_url(tmp_path, url))
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE stream_entry (id integer)"))
    with pytest.raises(InputError):
        open_planbook(tmp_path, url)
    with reading(engine) as connection:
        assert sa.inspect(connection).get_table_names() == ["stream_entry"]
    engine.dispose()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://planner:s3cret@127.0.0.1:1/book",
        "postgresql://planner:s3cret@127.0.0.1:port/book",
        "mysql://planner:s3cret@host/book",
        "s3cret",
    ],
)
def test_a_wrong_address_is_one_message_without_the_password(tmp_path, address):
    with pytest.raises(ParameterError) as error:
        open_planbook(tmp_path, address)
    assert "s3cret" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_missing_driver_is_named_with_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ParameterError, match=r"pip install 'sopkit\[postgres\]'") as error:
        open_planbook(tmp_path, "postgresql://planner:s3cret@127.0.0.1:1/book")
    assert "s3cret" not in str(error.value)


def test_the_environment_names_the_database(tmp_path, monkeypatch):
    monkeypatch.setenv("SOPKIT_PLANBOOK_URL", "postgresql://u:pw@db.example:5432/plans")
    assert has_planbook(tmp_path)
    assert describe_url(to_url(tmp_path)) == "database plans on db.example (PostgreSQL)"


def test_a_damaged_file_is_told_and_left_alone(tmp_path):
    path = find_book_file(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"no database at all, only text " * 50)
    with pytest.raises(InputError, match="is damaged"):
        open_planbook(tmp_path)
    assert path.read_bytes().startswith(b"no database")


def test_a_locked_book_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("sopkit.planbook.connect.WAIT_SECONDS", 0)
    with open_planbook(tmp_path, company="tiny") as book:
        other = connect(to_url(tmp_path))
        with (
            writing(other),
            pytest.raises(CycleError, match="being written by somebody else"),
        ):
            book.add_overrides(overrides(TWO[0]), "2026-11", "li")
        assert book.read_overrides().empty
        assert len(book.add_overrides(overrides(TWO[0]), "2026-11", "li")) == 1


def test_problems_can_be_found_before_anything_is_opened():
    rows = fit_columns(overrides(*TWO).assign(override=None), TABLES["override"])
    assert find_override_problems(rows).empty


def test_an_installed_wheel_makes_a_book(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    script = (
        "import sopkit; from pathlib import Path; from sopkit.planbook import open_planbook\n"
        "print(sopkit.__file__); open_planbook(Path('.')).close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(tmp_path / "site/sopkit/__init__.py")
    assert find_book_file(tmp_path).exists()
