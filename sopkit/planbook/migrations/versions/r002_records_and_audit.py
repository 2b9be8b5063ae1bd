"""Second revision: records of every kind, and the audit trail that nobody can alter."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from sopkit.planbook.audit import CARRIED, Entry, name_stream, seal_entries, to_state

revision = "r002"
down_revision = "r001"

_REFUSED = "the audit trail is append-only"
_SQLITE = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    "CREATE TRIGGER audit_no_hole BEFORE INSERT ON audit WHEN NEW.seq != "
    "(SELECT coalesce(max(seq), 0) + 1 FROM audit WHERE company = NEW.company) "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$",
    "CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF NEW.seq != (SELECT coalesce(max(seq), 0) + 1 FROM audit WHERE company = NEW.company) "
    f"THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_hole BEFORE INSERT ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_follow()",
)


def upgrade() -> None:
    """Create `record` and `audit`, and enter what stands in the book into the trail."""
    op.create_table(
        "record",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("company", "kind", "number", "cycle", "author", "entered_at", "source", "reason"),
        *_texts("status"),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("closed_by", "closed_at", "closed_reason")),
        *_texts("content"),
        sa.UniqueConstraint("company", "number", name="uq_record_number"),
    )
    op.create_index("ix_record_kind", "record", ["company", "kind", "cycle"])
    audit = op.create_table(
        "audit",
        sa.Column("company", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("at", "author", "action", "kind", "number"),
        sa.Column("version", sa.Integer, nullable=False),
        *_texts("reason", "content", "previous", "hash"),
    )
    op.create_index("ix_audit_number", "audit", ["company", "kind", "number"])
    connection = op.get_bind()
    for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
        connection.exec_driver_sql(statement)
    rows = _carry_over(connection)
    if rows:
        connection.execute(sa.insert(audit), rows)


def downgrade() -> None:
    """Drop both tables; overrides and streams stay as they are."""
    connection = op.get_bind()
    op.drop_index("ix_audit_number", "audit")
    op.drop_table("audit")
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP FUNCTION audit_refuse(), audit_follow()")
    op.drop_index("ix_record_kind", "record")
    op.drop_table("record")


def _carry_over(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the trail of what stood in the book before there was one, company by company."""
    at = datetime.now().astimezone().isoformat(timespec="seconds")
    entries: dict[str, list[Entry]] = {}
    for row in _list_rows(connection, "override"):
        told = (at, "sopkit", CARRIED, "override", row["override"], row["version"], "")
        entries.setdefault(row["company"], []).append(Entry(*told, to_state(row)))
    given: Counter[tuple[str, str]] = Counter()
    for row in _list_rows(connection, "stream_entry"):
        name = name_stream(row)
        given[row["company"], name] += 1
        told = (at, "sopkit", CARRIED, "stream", name, given[row["company"], name], "")
        entries.setdefault(row["company"], []).append(Entry(*told, to_state(row)))
    return [row for company in sorted(entries) for row in seal_entries(company, entries[company])]


def _list_rows(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    found = connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY id")
    return [dict(row) for row in found.mappings()]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
