"""Alembic revisions of the planbook, run whenever a book is opened."""
