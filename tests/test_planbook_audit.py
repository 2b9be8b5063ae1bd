"""The audit trail and the whole book as a file, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from builders import table

from sopkit.errors import CycleError, InputError
from sopkit.planbook import open_planbook, read_book_file
from sopkit.planbook.audit import Entry, seal_entries
from sopkit.planbook.connect import connect, reading, to_config, to_url, writing

LEVEL = "item family location customer"
TRIGGERS = ("audit_no_update", "audit_no_delete", "audit_no_hole", "audit_no_truncate")


@pytest.fixture
def book(url, tmp_path):
    with open_planbook(tmp_path, url, company="tiny") as opened:
        yield opened


@pytest.fixture
def engine(book, url, tmp_path):
    """Return a way past sopkit, as somebody with the database's password has it."""
    made = connect(to_url(tmp_path, url))
    yield made
    made.dispose()


def override(item: str, amount: float) -> pd.DataFrame:
    rows = table(
        f"{LEVEL} start_period end_period method", f"{item} all D all 2026-12 2027-01 delta"
    )
    return rows.assign(amount=amount, reason_code="promotion", owner="North")


def stream(qty: float) -> pd.DataFrame:
    return table(f"stream owner {LEVEL} period forecast_qty", f"sales N A all D all 2026-12 {qty}")


def fill(book) -> None:
    """Write seven entries of every sort."""
    book.add_overrides(override("A", 10.0), "2026-11", "li")
    book.add_streams(stream(5.0), "2026-11", "zhao", "a")
    book.add_streams(stream(6.0), "2026-11", "zhao", "b")
    book.change_override("O-2026-11-001", {"amount": 20.5}, "2026-11", "wang", version=1)
    task = pd.DataFrame([{"title": "呼叫承运商", "owner": "supply"}])
    book.add("task", task, "2026-11", "li", reason="late")
    book.change("task", "T-2026-11-001", {"status": "done"}, "wang", "called", version=1)


def alter(engine: sa.Engine, *statements: str, free: bool = False) -> None:
    """Write past sopkit; `free`: with the triggers taken away, as an owner of the tables can."""
    with writing(engine) as connection:
        for name in TRIGGERS if free else ():
            sqlite = engine.dialect.name == "sqlite"
            on = "" if sqlite else " ON audit"
            connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}{on}"))
        for statement in statements:
            connection.execute(sa.text(statement))


def test_every_write_is_an_entry_that_follows_the_one_before(book):
    fill(book)
    trail = book.audit()
    assert trail["seq"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    told = (trail["action"] + " " + trail["number"] + " " + trail["version"].astype(str)).tolist()
    cell = "2026-11/sales/A/all/D/all/2026-12"
    assert told == [
        "add O-2026-11-001 1",
        f"add {cell} 1",
        f"add {cell} 2",
        "add O-2026-11-002 1",
        "change O-2026-11-001 2",
        "add T-2026-11-001 1",
        "change T-2026-11-001 2",
    ]
    assert trail["previous"].tolist() == ["", *trail["hash"].tolist()[:-1]]
    assert trail["author"].tolist() == ["li", "zhao", "zhao", "wang", "wang", "li", "wang"]
    assert json.loads(trail["content"].iloc[4])["status"] == "withdrawn"
    assert book.check_chain() == ""


def test_the_hash_is_the_one_anybody_can_recompute(book):
    import hashlib

    fill(book)
    names = ["at", "author", "action", "kind", "number", "version", "reason", "content", "previous"]
    for row in book.audit().to_dict("records"):
        said = [row["company"], row["seq"], *(row[name] for name in names)]
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == row["hash"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET author = 'nobody' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 7",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT company, 9, at, author, action, kind, number, version, reason, "
        "content, previous, hash FROM audit WHERE seq = 7",
        "INSERT INTO audit SELECT * FROM audit WHERE seq = 7",
    ],
)
def test_the_database_refuses_to_alter_the_trail(book, engine, statement):
    fill(book)
    with pytest.raises(InputError, match="the audit trail is append-only"):
        alter(engine, statement)
    assert len(book.audit()) == 7
    assert book.check_chain() == ""


def test_neither_replacing_nor_emptying_gets_past_the_triggers(book, engine):
    fill(book)
    sqlite = engine.dialect.name == "sqlite"
    replace = "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3"
    with pytest.raises(InputError, match="the audit trail is append-only"):
        alter(engine, replace if sqlite else "TRUNCATE audit")
    assert book.check_chain() == ""


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (
            ["UPDATE audit SET author = 'nobody' WHERE seq = 4"],
            "entry 4 of the audit trail (add of O-2026-11-002) was altered: its content does not",
        ),
        (
            ["UPDATE audit SET content = replace(content, '5.0', '4.0') WHERE seq = 2"],
            "entry 2 of the audit trail (add of 2026-11/sales/A/all/D/all/2026-12) was altered",
        ),
        (
            ["DELETE FROM audit WHERE seq = 3"],
            "entry 3 of the audit trail is missing: after entry 2 comes entry 4",
        ),
        (
            ["DELETE FROM audit WHERE seq = 1"],
            "entry 1 of the audit trail is missing: it begins with entry 2",
        ),
        (
            ["DELETE FROM audit WHERE seq = 7"],
            "the task T-2026-11-001 was altered behind the audit trail: closed_at is",
        ),
        (
            [
                "UPDATE audit SET seq = 99 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 99",
            ],
            "entry 2 of the audit trail (add of 2026-11/sales/A/all/D/all/2026-12) stands in "
            "another order than it was written in: it follows entry 3",
        ),
        (
            ["DELETE FROM audit WHERE seq = 2", "UPDATE audit SET seq = seq - 1 WHERE seq > 2"],
            "entry 1 of the audit trail was altered or put in another's place: entry 2 does not",
        ),
        (
            ["UPDATE override SET amount = 21 WHERE override = 'O-2026-11-002'"],
            "the override O-2026-11-002 was altered behind the audit trail: amount is 21.0, it was "
            "20.5 in entry 4",
        ),
        (
            ["UPDATE record SET content = replace(content, 'supply', 'sales')"],
            "the task T-2026-11-001 was altered behind the audit trail: owner is 'sales', it was "
            "'supply' in entry 7",
        ),
        (
            ["UPDATE record SET content = 'torn'"],
            "the task T-2026-11-001 was altered behind the audit trail: content is 'torn'",
        ),
        (
            ["UPDATE stream_entry SET forecast_qty = 7 WHERE superseded_at IS NULL"],
            "was altered behind the audit trail: forecast_qty is 7.0, it was 6.0 in entry 3",
        ),
        (
            ["UPDATE stream_entry SET superseded_at = 'x' WHERE superseded_at IS NULL"],
            "was altered behind the audit trail: superseded_at is x, not None",
        ),
        (
            ["DELETE FROM stream_entry WHERE superseded_at IS NULL"],
            "the forecast 2026-11/sales/A/all/D/all/2026-12-01 has 1 numbers, the audit trail has 2",
        ),
        (
            ["DELETE FROM record"],
            "the task T-2026-11-001 is gone; entry 7 of the audit trail has it",
        ),
        (
            ["UPDATE record SET number = 'T-2026-11-005'"],
            "the task T-2026-11-001 is gone; entry 7 of the audit trail has it",
        ),
        (
            [
                "INSERT INTO record (company, kind, number, cycle, author, entered_at, source, "
                "reason, status, version, content) VALUES ('tiny', 'task', 'T-2026-11-002', "
                "'2026-11', 'li', '2026-11-20T08:00:00+08:00', '', '', 'open', 1, '{}')"
            ],
            "the task T-2026-11-002 was entered behind the audit trail: no entry has it",
        ),
    ],
)
def test_what_was_altered_past_sopkit_is_named(book, engine, statements, says):
    fill(book)
    alter(engine, *statements, free=True)
    assert says in book.check_chain()


def test_a_torn_record_is_told_and_not_read(book, engine):
    fill(book)
    alter(engine, "UPDATE record SET content = 'torn'")
    with pytest.raises(InputError, match="T-2026-11-001 was altered behind the audit trail"):
        book.read("task")


def test_an_entry_rewritten_with_a_new_hash_breaks_the_next_link(book, engine):
    fill(book)
    rows = book.audit().to_dict("records")
    entry = Entry(*(rows[3][name] for name in Entry._fields))._replace(author="nobody")
    new = seal_entries("tiny", [entry], 3, rows[2]["hash"])[0]["hash"]
    alter(engine, f"UPDATE audit SET author = 'nobody', hash = '{new}' WHERE seq = 4", free=True)
    assert book.check_chain() == (
        "entry 4 of the audit trail was altered or put in another's place: entry 5 does not follow it"
    )


def test_a_trail_of_thousands_of_entries_is_whole(book):
    rows = pd.DataFrame({"item": [f"I{n:04d}" for n in range(1000)], "forecast_qty": 1.0}).assign(
        stream="sales", owner="North", period=pd.Timestamp("2026-12-01")
    )
    book.add_streams(rows, "2026-11", "zhao", "a")
    task = pd.DataFrame({"title": [f"t{n}" for n in range(1000)]}).assign(owner="supply")
    book.add("task", task, "2026-11", "li", reason="many")
    assert book.check_chain() == ""
    assert len(book.audit()) == 2000


def to_revision(engine: sa.Engine, revision: str) -> None:
    with writing(engine) as connection:
        move = command.downgrade if revision == "r001" else command.upgrade
        move(to_config(connection), revision)


def test_a_book_of_the_first_revision_is_carried_into_the_trail(book, engine, url, tmp_path):
    fill(book)
    kept = book.read_override_records(), book.read_stream_records()
    to_revision(engine, "r001")
    with reading(engine) as connection:
        names = set(sa.inspect(connection).get_table_names())
    assert names == {"alembic_version", "override", "stream_entry"}
    with open_planbook(tmp_path, url, company="tiny") as again:
        pd.testing.assert_frame_equal(again.read_override_records(), kept[0])
        pd.testing.assert_frame_equal(again.read_stream_records(), kept[1])
        trail = again.audit()
        assert trail["action"].tolist() == ["carried"] * 4
        assert trail["author"].tolist() == ["sopkit"] * 4
        assert trail["version"].tolist() == [2, 1, 1, 2]
        assert again.check_chain() == ""
        again.withdraw_override("O-2026-11-002", "li", "off")
        again.add_streams(stream(9.0), "2026-11", "zhao", "c")
        assert again.audit()["version"].tolist() == [2, 1, 1, 2, 2, 3]
        assert again.check_chain() == ""


def test_export_and_import_lose_nothing(book, url, tmp_path):
    fill(book)
    out = tmp_path / "out/book.json"
    book.export_json(out)
    target = tmp_path / "copy"
    with open_planbook(target, f"sqlite:///{tmp_path / 'copy.sqlite'}", company="tiny") as copy:
        assert copy.import_json(out) == {"override": 2, "stream_entry": 2, "record": 1, "audit": 7}
        assert copy.check_chain() == ""
        pd.testing.assert_frame_equal(copy.audit(), book.audit())
        pd.testing.assert_frame_equal(copy.read("task"), book.read("task"))
        pd.testing.assert_frame_equal(copy.read_overrides(), book.read_overrides())
        pd.testing.assert_frame_equal(copy.read_stream_records(), book.read_stream_records())
        assert copy.fingerprint("2026-11", "executive") == book.fingerprint("2026-11", "executive")
        copy.export_json(tmp_path / "again.json")
        assert (tmp_path / "again.json").read_bytes() == out.read_bytes()
        numbers = copy.add_overrides(override("B", 1.0), "2026-11", "li")["override"]
        assert numbers.tolist() == ["O-2026-11-003"]
        assert copy.check_chain() == ""


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_file_of_sqlite_goes_into_postgresql(url, tmp_path):
    with open_planbook(tmp_path, f"sqlite:///{tmp_path / 'a.sqlite'}", company="tiny") as book:
        fill(book)
        book.export_json(tmp_path / "a.json")
    with open_planbook(tmp_path, url, company="tiny") as book:
        book.import_json(tmp_path / "a.json")
        assert book.check_chain() == ""
        book.change("task", "T-2026-11-001", {"status": "open"}, "li", "again", version=2)
        book.withdraw("task", "T-2026-11-001", "li", "off")
        assert book.check_chain() == ""
        assert book.audit()["seq"].tolist() == list(range(1, 10))


def test_import_into_a_book_with_rows_is_refused(book, tmp_path):
    fill(book)
    book.export_json(tmp_path / "book.json")
    with pytest.raises(CycleError, match="holds 2 rows of override already"):
        book.import_json(tmp_path / "book.json")
    assert len(book.audit()) == 7


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ("20.5", "20.75", InputError, "was altered: the override O-2026-11-002 was altered"),
        ('"seq": 3', '"seq": 8', InputError, "refused what was to be written|entry 3 of the audit"),
        ('"version": 2', '"version": "2"', InputError, "version: '2' is not of its kind"),
        ('"start_period"', '"begin"', InputError, "override, row 1: its columns are not amount"),
        ('"tiny"', '"other"', InputError, "company: tiny is not other"),
        ('"r002"', '"r777"', CycleError, r"newer sopkit \(revision r777, here r002\)"),
        ('"sopkit planbook"', '"book"', InputError, "is no exported planbook"),
        ('"override": [', '"over": [', InputError, "override is missing"),
        ("{", "", InputError, "cannot be read as JSON"),
    ],
)
def test_an_altered_file_is_refused_whole(book, url, tmp_path, old, new, error, says):
    fill(book)
    path = tmp_path / "book.json"
    book.export_json(path)
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with open_planbook(tmp_path, f"sqlite:///{tmp_path / 'b.sqlite'}", company="tiny") as empty:
        with pytest.raises(error, match=says):
            empty.import_json(path)
        assert empty.audit().empty and empty.read_overrides().empty


def test_a_file_of_another_company_is_refused(book, url, tmp_path):
    fill(book)
    book.export_json(tmp_path / "book.json")
    with (
        open_planbook(tmp_path, url, company="other") as other,
        pytest.raises(InputError, match="planbook of company 'tiny', not of 'other'"),
    ):
        other.import_json(tmp_path / "book.json")
    assert read_book_file(tmp_path / "book.json")["company"] == "tiny"
    with pytest.raises(InputError, match="There is no file"):
        book.import_json(tmp_path / "nowhere.json")
