"""Alembic's entry: every table of the product, the connection handed over by ``smsapp.db.migrate``."""

import importlib
import pkgutil
from pathlib import Path

from alembic import context
from sqlmodel import SQLModel

import smsapp


def _load_tables() -> None:
    """Every ``tables.py`` of every room, so that a new room needs no entry here."""
    for module in pkgutil.iter_modules(smsapp.__path__):
        if (Path(smsapp.__path__[0]) / module.name / "tables.py").exists():
            importlib.import_module(f"smsapp.{module.name}.tables")


_load_tables()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
