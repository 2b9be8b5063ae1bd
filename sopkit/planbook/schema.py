"""The tables of the planbook; `migrations/` builds them, a test holds the two together."""

from __future__ import annotations

from sqlalchemy import Column, Date, Double, Index, Integer, MetaData, Table, Text, UniqueConstraint

METADATA = MetaData()
LEVEL = ("item", "family", "location", "customer")
STREAM_KEY = ("cycle", "stream", *LEVEL, "period")

OVERRIDE = Table(
    "override",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("company", Text, nullable=False),
    Column("cycle", Text, nullable=False),
    Column("override", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in LEVEL),
    Column("start_period", Date, nullable=False),
    Column("end_period", Date, nullable=False),
    Column("method", Text, nullable=False),
    Column("amount", Double, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("assumption", Text),
    Column("owner", Text, nullable=False),
    Column("entered_date", Date, nullable=False),
    Column("expiry_date", Date),
    Column("status", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("entered_at", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", Text),
    Column("withdrawn_reason", Text),
    UniqueConstraint("company", "override", name="uq_override_number"),
)

STREAM_ENTRY = Table(
    "stream_entry",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("company", Text, nullable=False),
    Column("cycle", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("owner", Text),
    *(Column(name, Text, nullable=False) for name in LEVEL),
    Column("period", Date, nullable=False),
    Column("forecast_qty", Double, nullable=False),
    Column("author", Text, nullable=False),
    Column("entered_at", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text),
    Column("superseded_at", Text),
)
Index(
    "uq_stream_entry_standing",
    STREAM_ENTRY.c.company,
    *(STREAM_ENTRY.c[name] for name in STREAM_KEY),
    unique=True,
    sqlite_where=STREAM_ENTRY.c.superseded_at.is_(None),
    postgresql_where=STREAM_ENTRY.c.superseded_at.is_(None),
)

RECORD = Table(
    "record",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("company", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("cycle", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("entered_at", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("closed_by", Text),
    Column("closed_at", Text),
    Column("closed_reason", Text),
    Column("content", Text, nullable=False),
    UniqueConstraint("company", "number", name="uq_record_number"),
)
Index("ix_record_kind", RECORD.c.company, RECORD.c.kind, RECORD.c.cycle)

AUDIT = Table(
    "audit",
    METADATA,
    Column("company", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
Index("ix_audit_number", AUDIT.c.company, AUDIT.c.kind, AUDIT.c.number)
