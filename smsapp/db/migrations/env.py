"""Alembic's entry: every table of the product, the connection handed over by ``smsapp.db.migrate``."""

import importlib
import pkgutil
from pathlib import Path
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import smsapp
from smsapp.db.book_triggers import is_kept_here, is_search_index


def _load_tables() -> None:
    """``tables.py`` and ``<subject>_tables.py`` of every room, so that a new room needs no entry here."""
    for module in pkgutil.iter_modules(smsapp.__path__):
        for path in sorted((Path(smsapp.__path__[0]) / module.name).glob("*tables.py")):
            importlib.import_module(f"smsapp.{module.name}.{path.stem}")


_load_tables()


def _render(kind: str, thing: object, _context: AutogenContext) -> str | Literal[False]:
    """A migration script names what stays: plain strings rather than SQLModel's own type."""
    if kind == "type" and isinstance(thing, AutoString):
        return f"sa.String(length={thing.length})" if thing.length else "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=_render,
    include_name=lambda name, kind, _parents: kind != "table" or not is_search_index(name),
    include_object=lambda _thing, name, kind, _reflected, _other: not is_kept_here(name, kind),
)
with context.begin_transaction():
    context.run_migrations()
