"""What may happen to a planbook while it is written: nothing is lost, and the message says what."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from sopkit.errors import CycleError, InputError, ParameterError
from sopkit.planbook import open_planbook
from sopkit.planbook.connect import connect, to_url, writing

TASK = pd.DataFrame([{"title": "Call the carrier", "owner": "supply"}])
NOW = datetime.fromisoformat("2025-11-20T09:00:00+08:00")


@pytest.fixture
def book(url, tmp_path):
    with open_planbook(tmp_path, url, company="tiny") as opened:
        yield opened


def add(book, now: datetime | None = None) -> str:
    kept = book.add("task", TASK, "2026-11", "li", reason="late", now=now)
    return kept["number"].iloc[0]


def test_a_locked_book_says_so_and_takes_the_write_afterwards(url, tmp_path, monkeypatch):
    monkeypatch.setattr("sopkit.planbook.connect.WAIT_SECONDS", 1)
    with open_planbook(tmp_path, url, company="tiny") as book:
        add(book)
        other = connect(to_url(tmp_path, url))
        with writing(other):
            with pytest.raises(CycleError, match=r"being written by somebody else\. Try again"):
                book.change("task", "T-2026-11-001", {"owner": "x"}, "li", "r", version=1)
            with pytest.raises(CycleError, match="being written by somebody else"):
                add(book)
            assert book.read("task")["owner"].tolist() == ["supply"]
        other.dispose()
        assert add(book) == "T-2026-11-002"
        assert len(book.audit()) == 2
        assert book.check_chain() == ""


def test_a_writer_waits_for_another_and_then_writes(url, tmp_path):
    with open_planbook(tmp_path, url, company="tiny") as book:
        holds, leaves = threading.Event(), threading.Event()

        def hold() -> None:
            with writing(connect(to_url(tmp_path, url))):
                holds.set()
                leaves.wait(20)

        holder = threading.Thread(target=hold)
        holder.start()
        assert holds.wait(20)
        threading.Timer(0.3, leaves.set).start()
        assert add(book) == "T-2026-11-001"
        holder.join()


@pytest.mark.parametrize("moment", ["record", "audit"])
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_database_gone_in_mid_write_leaves_nothing_half_written(book, url, tmp_path, moment):
    add(book)
    admin = sa.create_engine(to_url(tmp_path, url), isolation_level="AUTOCOMMIT")

    def kill(connection, _cursor, statement, *_args) -> None:
        if not statement.startswith(f"INSERT INTO {moment}"):
            return
        pid = connection.connection.dbapi_connection.info.backend_pid
        with admin.connect() as other:
            other.execute(sa.text(f"SELECT pg_terminate_backend({pid})"))

    sa.event.listen(book._engine, "after_cursor_execute", kill)
    with pytest.raises(ParameterError, match=r"was lost.*kept whole or not at all: look, then try"):
        add(book)
    sa.event.remove(book._engine, "after_cursor_execute", kill)
    admin.dispose()
    assert book.read("task")["number"].tolist() == ["T-2026-11-001"]
    assert len(book.audit()) == 1
    assert book.check_chain() == ""
    assert add(book) == "T-2026-11-002"
    assert book.check_chain() == ""


def test_a_write_that_fails_after_the_record_leaves_neither_record_nor_entry(book, monkeypatch):
    add(book)

    def fail(*_args: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("sopkit.planbook.audit.append", fail)
    for attempt in (
        lambda: add(book),
        lambda: book.change("task", "T-2026-11-001", {"owner": "x"}, "li", "r", version=1),
        lambda: book.withdraw("task", "T-2026-11-001", "li", "r"),
    ):
        with pytest.raises(OSError, match="power cut"):
            attempt()
    monkeypatch.undo()
    assert book.read("task")[["number", "owner", "version"]].to_numpy().tolist() == [
        ["T-2026-11-001", "supply", 1]
    ]
    assert book.check_chain() == ""


def test_a_clock_moved_back_is_refused_and_both_times_are_named(book):
    add(book, NOW)
    with pytest.raises(CycleError) as error:
        add(book, NOW - timedelta(hours=1))
    told = str(error.value)
    at = [t.astimezone().isoformat(timespec="seconds") for t in (NOW - timedelta(hours=1), NOW)]
    assert f"The clock says {at[0]}, but the planbook's last entry was made at {at[1]}" in told
    assert "nothing was written and nothing is lost" in told
    with pytest.raises(CycleError, match="The clock says"):
        change = {"status": "done"}
        early = NOW - timedelta(minutes=6)
        book.change("task", "T-2026-11-001", change, "li", "r", version=1, now=early)
    assert book.read("task")["version"].tolist() == [1]
    assert len(book.audit()) == 1


def test_clocks_of_two_machines_may_differ_by_minutes(book):
    add(book, NOW)
    add(book, NOW - timedelta(minutes=4))
    assert len(book.audit()) == 2
    assert book.check_chain() == ""


def test_a_time_that_was_wrong_is_left_behind_with_a_reason(book):
    add(book, NOW + timedelta(days=365))
    with pytest.raises(CycleError, match="sopkit book clock --reason WHY"):
        add(book, NOW)
    with pytest.raises(InputError, match="the reason is blank"):
        book.accept_clock("li", " ", now=NOW)
    book.accept_clock("li", "the date was a year ahead", now=NOW)
    assert add(book, NOW) == "T-2026-11-002"
    assert book.audit()["action"].tolist() == ["add", "clock", "add"]
    assert book.check_chain() == ""


def test_a_zone_is_no_clock_moved_back(book):
    add(book, NOW)
    add(book, datetime.fromisoformat("2025-11-19T17:00:30-08:00"))
    assert len(book.audit()) == 2


def test_a_book_of_a_newer_sopkit_is_left_alone(book, url, tmp_path):
    add(book)
    with writing(connect(to_url(tmp_path, url))) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'r777'"))
    with pytest.raises(CycleError, match=r"newer sopkit \(revision r777, here r002\)"):
        open_planbook(tmp_path, url, company="tiny")
    assert book.read("task")["number"].tolist() == ["T-2026-11-001"]
