"""Run by Alembic: migrate on the connection that the planbook holds, inside its transaction."""

from __future__ import annotations

from alembic import context

from sopkit.planbook.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
