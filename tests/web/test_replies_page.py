"""The page of replies through its events and its files: the address, an answer at its price, nothing of other accounts."""

import csv
import io
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import update

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.inbox import routes as inbox_routes
from smsapp.inbox.state import RepliesState
from smsapp.sending.tables import CAMPAIGN, CONVERSATION, REPLY
from smsapp.web.http import routes
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers, Tab
from tests.web.tenants import MARK, NUMBERS, fill

NAME = RepliesState.get_full_name()
NUMBER = NUMBERS[0]


async def act(tab: Tab, event: str, path: str = "/replies", **payload: object) -> RepliesState:
    await tab.send(f"{NAME}.{event}", payload, path=path)
    assert tab.failures == []
    state: RepliesState = await tab.state(RepliesState)
    return state


@pytest.fixture
def asked(rt: Runtime, person: Callable[[str], Actor]) -> Actor:
    """Somebody whose SMS was replied to."""
    actor = person("camille")
    fill(rt.db, actor)
    return actor


async def test_the_address_says_what_is_shown_and_opening_is_reading(
    rt: Runtime, asked: Actor, open_tabs: Browsers
) -> None:
    tab = open_tabs.tab(asked)
    state = await act(tab, "enter")
    assert [(line.e164, line.unread, line.here) for line in state.lines] == [(NUMBER, 1, False)]
    assert (await tab.state(SessionState)).replies_unread == 1
    state = await act(tab, "enter", f"/replies?with={NUMBER}")
    assert (state.person.e164, state.unread, state.lines[0].here) == (NUMBER, 0, True)
    assert [one.text for one in state.said if not one.ours] == [MARK]
    assert (await tab.state(SessionState)).replies_unread == 0
    for query in ("view=nothing&after=x~y", "with=abc", "with=" + "9" * 40, "q=%00", "with=33600000000"):
        state = await act(tab, "enter", f"/replies?{query}")
        assert state.person.e164 == 0


async def test_an_answer_is_sent_once_at_its_price_and_what_is_refused_stays_typed(
    rt: Runtime, asked: Actor, open_tabs: Browsers
) -> None:
    tab = open_tabs.tab(asked)
    here = f"/replies?with={NUMBER}"
    state = await act(tab, "enter", here)
    assert state.unit_price == 10_000
    await act(tab, "typed", here, text="de trop", version=state.version - 1)
    await act(tab, "send", here)  # nothing was typed for this version
    await act(tab, "typed", here, text="x" * 3_000, version=state.version)
    state = await act(tab, "send", here)
    assert state.text == "x" * 3_000
    await act(tab, "typed", here, text="À dimanche !", version=state.version)
    for _ in range(2):
        state = await act(tab, "send", here)
    assert state.text == ""
    with rt.db.read() as session:
        rows = session.connection().execute(CAMPAIGN.select().where(CAMPAIGN.c.text == "À dimanche !")).all()
    assert [(row.state, row.purpose, row.quoted_units, row.typed) for row in rows] == [
        ("materialising", "transactional", 10_000, f"+{NUMBER}")
    ]


async def test_done_and_blacklist_touch_the_open_conversation_only(
    rt: Runtime, asked: Actor, person: Callable[[str], Actor], open_tabs: Browsers
) -> None:
    here = f"/replies?with={NUMBER}"
    stranger = open_tabs.tab(person("voisin"))
    await act(stranger, "enter", here)
    for event, payload in (("set_done", {"done": True}), ("blacklist", {}), ("send", {})):
        await act(stranger, event, here, **payload)
    with rt.db.read() as session:
        row = session.connection().execute(CONVERSATION.select()).one()
    assert (row.account_id, row.unread, row.done_at) == (asked.account_id, 1, None)
    tab = open_tabs.tab(asked)
    await act(tab, "enter", here)
    state = await act(tab, "set_done", here, done=True)
    assert (state.done, state.lines[0].done) == (True, True)
    state = await act(tab, "blacklist", here)
    assert (state.unit_price, state.person.stop_origin) == (0, "manual")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_file_holds_own_replies_and_no_formula(
    rt: Runtime, asked: Actor, person: Callable[[str], Actor], open_tabs: Browsers, kind: str
) -> None:
    evil = '=HYPERLINK("http://evil.example")'
    with rt.db.write() as session:
        session.connection().execute(update(REPLY).values(text=evil))
    application = routes(inbox_routes.ROUTES)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://localhost:3000"
    ) as client:
        path = f"/replies/export.{kind}"
        assert (await client.get(path)).status_code == 401
        mine = await client.get(path, headers={"cookie": open_tabs.tab(asked).cookie, "accept-language": "fr"})
        other = await client.get(path, headers={"cookie": open_tabs.tab(person("voisin")).cookie})
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(mine.text.removeprefix("\ufeff")), delimiter=";"))
        assert [(row[1], row[3]) for row in rows[1:]] == [("33 6 99 99 99 01", f"'{evil}")]
        assert len(list(csv.reader(io.StringIO(other.text), delimiter=";"))) == 1
    else:
        assert mine.content.startswith(b"PK")
        assert len(other.content) < len(mine.content)
