"""First revision: people's changes to the baseline, and the numbers of their streams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r001"
down_revision = None

_LEVEL = ("item", "family", "location", "customer")


def upgrade() -> None:
    """Create `override` and `stream_entry`."""
    op.create_table(
        "override",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("company", "cycle", "override", *_LEVEL),
        sa.Column("start_period", sa.Date, nullable=False),
        sa.Column("end_period", sa.Date, nullable=False),
        *_texts("method"),
        sa.Column("amount", sa.Double, nullable=False),
        *_texts("reason_code"),
        sa.Column("assumption", sa.Text),
        *_texts("owner"),
        sa.Column("entered_date", sa.Date, nullable=False),
        sa.Column("expiry_date", sa.Date),
        *_texts("status", "author", "entered_at", "source"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("withdrawn_by", sa.Text),
        sa.Column("withdrawn_at", sa.Text),
        sa.Column("withdrawn_reason", sa.Text),
        sa.UniqueConstraint("company", "override", name="uq_override_number"),
    )
    op.create_table(
        "stream_entry",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("company", "cycle", "stream"),
        sa.Column("owner", sa.Text),
        *_texts(*_LEVEL),
        sa.Column("period", sa.Date, nullable=False),
        sa.Column("forecast_qty", sa.Double, nullable=False),
        *_texts("author", "entered_at", "source"),
        sa.Column("note", sa.Text),
        sa.Column("superseded_at", sa.Text),
    )
    op.create_index(
        "uq_stream_entry_standing",
        "stream_entry",
        ["company", "cycle", "stream", *_LEVEL, "period"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_index("uq_stream_entry_standing", "stream_entry")
    op.drop_table("stream_entry")
    op.drop_table("override")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
