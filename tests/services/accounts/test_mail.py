"""E-mails leave through a real mail server, once each; a server that is down is tried again later."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message as Email
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from sqlmodel import select

from smsapp.accounts.actor import Actor
from smsapp.accounts.mail import ATTEMPTS, Postman, letters, post
from smsapp.accounts.tables import Mail
from smsapp.db import Database, SimulatedClock
from smsapp.settings import Settings


class Box(Message):
    def __init__(self) -> None:
        super().__init__()
        self.received: list[Email] = []

    def handle_message(self, message: Email) -> None:
        self.received.append(message)


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = Box()
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    yield kept, port
    server.stop()


def settings(port: int) -> Settings:
    given: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    return Settings(mail_from="smsapp@maison.example", **given)


def write(db: Database, actor: Actor, subject: str) -> None:
    with db.write() as s:
        post(s, actor.account_id, "camille@lavande.fr", subject, "Bonjour Zoé,\nà bientôt.\n", db.now())


async def test_each_letter_leaves_once(db: Database, actor: Actor, box: tuple[Box, int]) -> None:
    write(db, actor, "Bienvenue à bord")
    write(db, actor, "Deux")
    postman = Postman(db, settings(box[1]))
    assert await postman.round() == 2
    assert await postman.round() == 0
    first = box[0].received[0]
    assert first["To"] == "camille@lavande.fr"
    assert first["From"] == "smsapp@maison.example"
    assert first["Message-ID"].endswith("@maison.example>")
    assert "à bientôt" in first.get_payload(decode=True).decode()  # type: ignore[union-attr]  # text, decoded
    assert len({message["Message-ID"] for message in box[0].received}) == 2


async def test_a_server_that_is_down_is_tried_again_later(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        shut = probe.getsockname()[1]
    write(db, actor, "Plus tard")
    postman = Postman(db, settings(shut))
    waits = []
    for _ in range(ATTEMPTS):
        assert await postman.round() == 0
        with db.read() as s:
            waits.append((s.exec(select(Mail.next_try_at)).one() or clock.now()) - clock.now())
        clock.advance(waits[-1])
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert max(waits) == timedelta(hours=6)
    clock.advance(timedelta(days=30))
    assert await postman.round() == 0
    with db.read() as s:
        assert s.exec(select(Mail.attempts)).one() == ATTEMPTS
    assert [letter.subject for letter in letters(db, actor)] == ["Plus tard"]  # never thrown away
