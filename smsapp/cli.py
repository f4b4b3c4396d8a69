"""The command line: `smsapp ...`. Thin: every command reads the settings and calls one service."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from smsapp import settings as configuration
from smsapp.db import Database, connect, migrate
from smsapp.domain.errors import Refusal
from smsapp.gateways import commands as gateways
from smsapp.i18n.catalogue import translate
from smsapp.imports.uploads import Uploads
from smsapp.reports import commands as reports
from smsapp.sending.leader import AlreadyRunning, Leader
from smsapp.simulator import commands as simulator

app = typer.Typer(no_args_is_help=True, add_completion=False, help="SMS campaigns, followed to the phone.")
ledger = typer.Typer(no_args_is_help=True, help="Credits.")
database = typer.Typer(no_args_is_help=True, help="The schema of the database.")
app.add_typer(ledger, name="ledger")
simulator.register(app)
reports.register(app)
app.add_typer(database, name="db")


def told(sentence: str) -> None:
    """Say it on standard error."""
    typer.echo(sentence, err=True)


@contextmanager
def opened(say: Callable[[str], None] = told) -> Iterator[Database]:
    """The database of the settings; a sentence and exit code 2 when they are unsafe or the schema is unknown."""
    try:
        db = connect(configuration.load().resolved_database_url)
    except configuration.UnsafeSettings as error:
        say(str(error))
        raise typer.Exit(2) from None
    try:
        yield db
    except migrate.UnknownSchema as error:
        say(str(error))
        raise typer.Exit(2) from None
    finally:
        db.close()


@app.command("worker")
def worker() -> None:
    """Send, in this process: as many as wanted on PostgreSQL, on as many machines as wanted. SIGTERM ends it well."""
    import asyncio

    from smsapp.demo import removal
    from smsapp.sending.assembly import engine_of
    from smsapp.sending.leader import AlreadyRunning
    from smsapp.sending.worker import run
    from smsapp.web import logs

    logs.install()
    with opened() as db:
        settings = configuration.load()
        try:
            migrate.upgrade(db)
            if not settings.demo:  # nobody makes demonstrations any more: what is left of them must not be sent
                removal.begin(db, settings)
            asyncio.run(
                run(
                    db,
                    lambda changed, ready: engine_of(db, settings, on_change=changed, on_ready=ready),
                    ready=lambda: typer.echo("worker is ready"),
                )
            )
        except (AlreadyRunning, OSError, OperationalError) as problem:
            said = problem.orig if isinstance(problem, OperationalError) else problem
            typer.echo(f"smsapp cannot start: {logs.redact(str(said)).strip()}", err=True)
            raise typer.Exit(1) from None


@contextmanager
def migrated() -> Iterator[Database]:
    """The same, brought to the newest schema."""
    with opened() as db:
        migrate.upgrade(db)
        yield db


gateways.register(app, migrated)


@ledger.command("check")
def ledger_check() -> None:
    """Prove that the ledger is exact (L1 to L10): one JSON line for each violation, exit code 1 if there is any.

    Sending stops everywhere as long as there is one, and goes on once there is none.
    """
    from smsapp.sending.halt import prove

    with opened() as db:
        violations = prove(db)
    for violation in violations:
        typer.echo(json.dumps(asdict(violation), ensure_ascii=False))
    if violations:
        raise typer.Exit(1)
    typer.echo(json.dumps({"violations": 0}))


@database.command("upgrade")
def db_upgrade(revision: Annotated[str, typer.Argument(help="where to go")] = "head") -> None:
    """Bring the schema to a revision, the newest by default. Done by itself at every start."""
    with opened() as db:
        migrate.upgrade(db, revision)
        typer.echo(migrate.current(db) or "empty")


@database.command("downgrade")
def db_downgrade(
    revision: Annotated[str, typer.Argument(help="where to go back to; `base` for nothing at all")],
) -> None:
    """Take the schema back to a revision: what newer revisions added is lost."""
    with opened() as db:
        migrate.downgrade(db, revision)
        typer.echo(migrate.current(db) or "empty")


@database.command("current")
def db_current() -> None:
    """Print the revision of the database, and the newest that this version of smsapp has."""
    with opened() as db:
        typer.echo(f"{migrate.current(db) or 'empty'} (newest: {migrate.head()})")


@database.command("revision")
def db_revision(message: Annotated[str, typer.Argument(help="what changes, in a few words")]) -> None:
    """For developers: write a migration script from what the tables say and the database does not."""
    with opened() as db:
        migrate.upgrade(db)
        migrate.new_revision(db, message)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, TXT, XLS, XLSX or ODS")],
    account: Annotated[str, typer.Option(help="the identifiant of whoever imports")],
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="COLUMN=FIELD, again and again: portable, nom, prenom, email, societe, +NAME; motif with --blacklist",
        ),
    ] = None,
    group: Annotated[str, typer.Option(help="the group that the contacts go to")] = "",
    blacklist: Annotated[bool, typer.Option(help="to the blacklist rather than to the book")] = False,
    header_row: Annotated[
        int | None, typer.Option(min=0, help="the row that names the columns, 0 for none; guessed when it is not said")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="say what would happen, write nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object with the rejected rows")] = False,
) -> None:
    """Import an address book as the page does: rows read, what became of them, the rejected ones with their reasons.

    Exit code 1 when the file or what was asked is refused, 2 when there is no such file or smsapp cannot work now; with
    --json the refusal is an object too: {"error": "..."}.
    """
    from smsapp.imports import commands

    def say(sentence: str) -> None:
        typer.echo(json.dumps({"error": sentence}, ensure_ascii=False)) if as_json else told(sentence)

    if not (file.is_file() and os.access(file, os.R_OK)):
        say(translate("en", "imports.no_such_file", name=str(file)))
        raise typer.Exit(2)
    with opened(say) as db, alone(db, say):
        migrate.upgrade(db)
        uploads = Uploads(configuration.load().data_dir / "uploads")
        try:
            actor = commands.owner(db, account)
            found = commands.bring(
                db,
                uploads,
                actor,
                file,
                maps or (),
                group=group,
                blacklist=blacklist,
                dry_run=dry_run,
                header_row=header_row,
            )
        except Refusal as refusal:
            say(translate("en", refusal.key, **refusal.params))
            raise typer.Exit(1) from None
        except OSError as problem:
            say(str(problem))
            raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    typer.echo(", ".join(f"{name}: {count}" for name, count in found.items() if isinstance(count, int)))
    for row in found["rejected_rows"]:
        typer.echo("\t".join(str(row[name]) for name in ("row", "value", "reason", "suggestion")))


@contextmanager
def alone(db: Database, say: Callable[[str], None] = told) -> Iterator[None]:
    """Nobody else writes to a SQLite database meanwhile; exit code 2 when a server does."""
    leader = Leader(db)
    try:
        leader.take()
    except AlreadyRunning as error:
        say(str(error))
        raise typer.Exit(2) from None
    try:
        yield
    finally:
        leader.release()
