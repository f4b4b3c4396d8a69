"""A folder of received files, and a way to put one there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smsapp.accounts.actor import Actor
from smsapp.imports.uploads import Uploads

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads")


@pytest.fixture
def receive(uploads: Uploads) -> Callable[..., str]:
    """Receive bytes under a name and give the id of the upload."""

    def receive(actor: Actor, content: bytes, name: str = "clients.csv") -> str:
        incoming = uploads.receive(actor, name, len(content))
        incoming.write(content)
        return incoming.done().id

    return receive
