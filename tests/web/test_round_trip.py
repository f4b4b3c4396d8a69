"""What leaves as a file comes back as it was: numbers of every country, accents, signs that begin a formula (S62, M13)."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.blacklist_routes import ROUTES as BLACKLIST_ROUTES
from smsapp.contacts.fields import create_field, fields
from smsapp.contacts.listing import contacts
from smsapp.contacts.routes import ROUTES as CONTACT_ROUTES
from smsapp.contacts.service import Sheet, contact, create_contact
from smsapp.imports.choices import Choices
from smsapp.imports.routes import uploads
from smsapp.imports.service import preview, run_import
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime

NAMES = [
    "=cmd|'/c calc'!A1",
    "+x",
    "-x",
    "@x",
    "'=x",
    "''-x",
    "'été",
    "＝x",
    "'＠x",
    'Œuvrard; "Jo"',
    "Ñandú 𝄞",
    "x,y|z",
]
NUMBERS = [
    687751234,  # as 687 75 12 34 a French mobile too
    681821234,
    590690123456,
    33612345678,
    41781234567,
    14155552671,
    79123456789,
    447911123456,
    50937001234,
    262639691234,
    33687654321,
    33751234567,
]


@pytest.fixture
async def browser(rt: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(routes([*CONTACT_ROUTES, *BLACKLIST_ROUTES]))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as made:
        yield made


def brought(rt: Runtime, actor: Actor, content: bytes, name: str, **more: object) -> None:
    """Import a file as the page does when nobody changes a guess."""
    incoming = uploads().receive(actor, name)
    incoming.write(content)
    upload = incoming.done().id
    seen = preview(uploads(), actor, upload, known=fields(rt.db, actor))
    mapping = {c.index: c.field for c in seen.columns}
    done = run_import(rt.db, uploads(), actor, upload, Choices(seen.reading, mapping, **more))  # type: ignore[arg-type]
    assert (done.read, done.created) == (len(NUMBERS), len(NUMBERS))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_an_export_comes_back_as_it_left(
    browser: httpx.AsyncClient, rt: Runtime, person: Callable[[str], Actor], kind: str, language: str
) -> None:
    actor, other = person("lavande"), person("autre")
    browser.cookies.set(rt.people.cookie, sessions.open_session(rt.db, actor.user_id, timedelta(hours=1)))
    browser.headers["accept-language"] = language
    for who in (actor, other):
        create_field(rt.db, who, "Carte n° / =1")
    key = fields(rt.db, actor)[0].key
    for number, name in zip(NUMBERS, NAMES, strict=True):
        create_contact(rt.db, actor, Sheet(f"+{number}", nom=name, societe=name, prenom="Zoé", extra={key: name}))
    blacklist(rt.db, actor, NUMBERS, reason="-1")

    def book(who: Actor) -> list[tuple[object, ...]]:
        rows = contacts(rt.db, who).rows
        own = {row.id: contact(rt.db, who, row.id).fields[0][1] for row in rows}
        return sorted((row.e164, row.nom, row.prenom, row.societe, own[row.id]) for row in rows)

    answer = await browser.get(f"/contacts/export.{kind}")
    brought(rt, other, answer.content, f"contacts.{kind}")
    assert book(other) == book(actor)
    answer = await browser.get(f"/blacklist/export.{kind}")
    brought(rt, other, answer.content, f"blacklist.{kind}", blacklist=True)
    assert suppressed(rt.db, other) == set(NUMBERS)
