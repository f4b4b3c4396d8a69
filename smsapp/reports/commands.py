"""`smsapp passport`: is this file a suppression passport that this installation made, word for word?"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from smsapp import settings as configuration

LARGEST = 16 * 1024 * 1024
"""Bytes of a file that is looked at: a passport lists 400 steps and a history."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("passport")(verify)


def verify(
    file: Annotated[Path, typer.Argument(help="a passport, as /blacklist gives it", exists=True, dir_okay=False)],
) -> None:
    """Verify a suppression passport: exit code 0 when nothing of it was added, changed, left out or moved, else 1.

    It is sealed with the key of the installation that made it: SMSAPP_SECRET_KEY, or the one in SMSAPP_DATA_DIR. What
    cannot be read as a passport ends with code 2.
    """
    from smsapp.reports.passport import is_genuine

    document = _read(file)
    try:
        key = configuration.load().signing_key
    except configuration.UnsafeSettings as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    genuine = is_genuine(document, key)
    said = {name: document.get(name) for name in ("number", "account", "made_at", "blacklisted")} if genuine else {}
    steps = {"steps": len(document["steps"])} if genuine else {}
    typer.echo(json.dumps({"genuine": genuine, **said, **steps}, ensure_ascii=False))
    if not genuine:
        raise typer.Exit(1)


def _read(file: Path) -> dict[str, Any]:
    """The document of a file; a sentence and exit code 2 when it is none."""
    why = ""
    if file.stat().st_size > LARGEST:
        why = "it is too large"
    else:
        try:
            found = json.loads(file.read_text("utf-8"))
            if isinstance(found, dict):
                return found
            why = "it is not a JSON object"
        except (UnicodeDecodeError, ValueError, RecursionError):
            why = "it is not JSON"
    typer.echo(f"{file} is no passport: {why}", err=True)
    raise typer.Exit(2)
