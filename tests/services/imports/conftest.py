"""A folder of received files, and a way to put one there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.service import contact
from smsapp.db import Database
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


def own_values(db: Database, actor: Actor, contact_id: int) -> dict[str, str]:
    """The values of a contact in the account's own fields, by key."""
    return {one.key: value for one, value in contact(db, actor, contact_id).fields if value}
