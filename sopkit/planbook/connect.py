"""Where the planbook is, how it is reached, and one writer at a time on either database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from sopkit.errors import CycleError, InputError, ParameterError, SopkitError

URL_VARIABLE = "SOPKIT_PLANBOOK_URL"
HEAD = "r002"
WAIT_SECONDS = 30
_LOCK_NUMBER = 736_172_001
_WRITES = {"sopkit_writes": True}


def find_book_file(folder: Path) -> Path:
    """Return the SQLite file of a planning folder's planbook, there or not."""
    return folder / "data" / "planbook.sqlite"


def has_planbook(folder: Path, url: str | None = None) -> bool:
    """Say whether anything could stand in a planbook: its file is there, or a URL names one."""
    return bool(_url_given(url)) or find_book_file(folder).exists()


def to_url(folder: Path, url: str | None = None) -> URL:
    """Return the database's address: the one given, else SOPKIT_PLANBOOK_URL, else the file.

    Raises:
        ParameterError: the address cannot be read, or names neither SQLite nor PostgreSQL. It is
            not repeated, since it may hold a password.
    """
    given = _url_given(url)
    if not given:
        return URL.create("sqlite", database=str(find_book_file(folder)))
    try:
        parsed = make_url(given)
    except (ArgumentError, ValueError):
        raise ParameterError(
            f"The planbook's address ({URL_VARIABLE}) cannot be read; write it as "
            "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
        ) from None
    backend = parsed.drivername.split("+")[0]
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed
    raise ParameterError(
        f"The planbook is kept in SQLite or PostgreSQL; {URL_VARIABLE} names {backend!r}."
    )


def _url_given(url: str | None) -> str:
    return url or os.environ.get(URL_VARIABLE, "")


def describe_url(url: URL) -> str:
    """Return a database's name for a message: never its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "this machine"
    return f"database {url.database} on {host} (PostgreSQL)"


def connect(url: URL) -> Engine:
    """Return the engine of a planbook; SQLite waits for other writers and lets readers read.

    Raises:
        ParameterError: the driver for PostgreSQL is not installed.
    """
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
        except ModuleNotFoundError as error:
            raise ParameterError(
                f"The planbook's address names PostgreSQL, whose driver ({error.name}) is not "
                "installed: pip install 'sopkit[postgres]'"
            ) from None
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, see _begin_sqlite
    connection.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("sopkit_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that reads one state of the book; nobody is kept from writing."""
    with telling(engine.url), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give the one connection that may write now; all of its changes are kept, or none."""
    with telling(engine.url), engine.connect() as connection:
        connection = connection.execution_options(**_WRITES)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
            yield connection


@contextmanager
def telling(url: URL) -> Iterator[None]:
    """Turn the database's own errors into one message that says what to do."""
    try:
        yield
    except DBAPIError as error:
        raise _to_told(error, url) from None
    except SQLAlchemyError as error:
        raise InputError(f"The planbook, {describe_url(url)}, failed: {error}") from error


def _to_told(error: DBAPIError, url: URL) -> SopkitError:
    said = " ".join(str(error.orig).split())
    if url.password:
        said = said.replace(str(url.password), "***")
    where = f"The planbook, {describe_url(url)},"
    if error.connection_invalidated:
        return ParameterError(
            f"The connection to {where[0].lower()}{where[1:]} was lost: {said}. What was being "
            "written is kept whole or not at all: look, then try again."
        )
    if "locked" in said or "lock timeout" in said:
        return CycleError(f"{where} is being written by somebody else. Try again in a minute.")
    if "disk is full" in said or "No space left" in said:
        return CycleError(f"{where} was not written: the disk is full. Make room, then try again.")
    if "not a database" in said or "malformed" in said:
        return InputError(f"{where} is damaged ({said}). Put its last copy in its place.")
    if "readonly" in said or "read-only" in said:
        return CycleError(f"{where} may not be written here ({said}).")
    if "unable to open" in said or "connection" in said:
        return ParameterError(f"{where} cannot be reached: {said}")
    return InputError(f"{where} refused what was to be written: {said}")


def migrate(engine: Engine) -> None:
    """Bring the book to this version's tables; rows are kept; nothing to do is quick.

    Raises:
        CycleError: the book was written by a newer sopkit.
    """
    with reading(engine) as connection:
        if _read_revision(connection) == HEAD:
            return
    with writing(engine) as connection:  # asked again: somebody may have been quicker
        now = _read_revision(connection)
        if now != HEAD:
            _check_known(now, engine.url)
            _upgrade(connection)


def _read_revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def to_config(connection: Connection) -> Any:
    """Return Alembic's configuration: the scripts inside the package, on this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "sopkit.planbook:migrations")
    config.attributes["connection"] = connection
    return config


def _check_known(revision: str, url: URL) -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    if revision and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise CycleError(
            f"The planbook, {describe_url(url)}, was written by a newer sopkit (revision "
            f"{revision}, here {HEAD}). Update sopkit; nothing was changed."
        )


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(to_config(connection), "head")
