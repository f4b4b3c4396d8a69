"""A demonstration in small, on both engines: lived through by the real engine, with everything adding up."""

import asyncio
import itertools
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from smsapp.accounts import sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Mail, User
from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.campaigns.tables import CampaignState
from smsapp.contacts import service as contacts
from smsapp.contacts.groups import groups
from smsapp.contacts.tables import Contact
from smsapp.db import Database, SimulatedClock
from smsapp.demo import plan, removal, service
from smsapp.demo.builder import open_demonstration
from smsapp.demo.people import own_number, people
from smsapp.domain.delivery import State
from smsapp.gateways.simulator import Simulator
from smsapp.ledger.service import balance
from smsapp.ledger.tables import TRANSFER
from smsapp.sending.check import check
from smsapp.sending.materialise import materialise
from smsapp.sending.replay import run_to_end
from smsapp.sending.tables import CAMPAIGN, EVENT, INBOX, MESSAGE, REPLY, SUPPRESSION
from smsapp.settings import Settings

SMALL = plan.Size(contacts=320)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def opened(db: Database, settings: Settings, size: plan.Size = SMALL) -> Actor:
    return asyncio.run(open_demonstration(db, settings, size=size))


def scalar(db: Database, query) -> int:
    with db.read() as session:
        return session.connection().scalar(query)


def test_everything_adds_up(db: Database, settings: Settings) -> None:
    """L1 to L10 after 90 days, and the figures that people see: book, groups, balance, statuses."""
    told: list[tuple[int, int, str]] = []
    actor = asyncio.run(open_demonstration(db, settings, lambda *at: told.append(at), size=SMALL))
    assert check(db) == []
    assert contacts.count(db, actor) == SMALL.contacts
    assert {g.name: g.members for g in groups(db, actor)} == {
        name: SMALL.scaled(count) for name, count in plan.GROUPS.values()
    }
    assert balance(db, actor).available > 0
    assert balance(db, actor).held == 0
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][0] == told[-1][1]
    with db.read() as session:
        states = Counter(
            dict(session.connection().execute(select(MESSAGE.c.state, func.count()).group_by(MESSAGE.c.state)).all())
        )
        found = session.connection().execute(select(CAMPAIGN.c.state, CAMPAIGN.c.lane, CAMPAIGN.c.started_at)).all()
    assert states[State.DELIVERED] > 0.85 * states.total()
    assert states[State.FAILED] > 0
    assert states[State.QUEUED] == states[State.SUBMITTING] == states[State.UNKNOWN] == 0
    assert Counter(row.state for row in found) == {
        CampaignState.FINISHED: len(plan.PAST),
        CampaignState.DRAFT: 1,
        CampaignState.MATERIALISING: 1,
    }
    assert {row.lane for row in found} == {"live"}
    days = sorted(row.started_at for row in found if row.started_at)
    assert days[-1] - days[0] > timedelta(days=80)
    assert max(b - a for a, b in itertools.pairwise(days)) < timedelta(days=8)


def test_nothing_lies_in_the_future(db: Database, settings: Settings) -> None:
    opened(db, settings)
    for column in (
        MESSAGE.c.state_at, MESSAGE.c.created_at, EVENT.c.at, EVENT.c.recorded_at, REPLY.c.at, INBOX.c.received_at,
        TRANSFER.c.created_at, SUPPRESSION.c.created_at, CAMPAIGN.c.updated_at,
    ):  # fmt: skip
        latest = scalar(db, select(func.max(column, type_=column.type)))
        assert latest is not None, column
        assert latest <= db.now(), column


def test_only_its_own_numbers(db: Database, settings: Settings) -> None:
    """Every number is one of this demonstration's, or the visitor's own phone, to which messages came."""
    actor = opened(db, settings)
    own = {p.e164 for p in people(actor.account_id, SMALL.contacts - 1)} | {own_number(actor.user_id)}
    with db.read() as session:
        for column in (MESSAGE.c.e164, REPLY.c.e164, SUPPRESSION.c.e164):
            assert set(session.connection().scalars(select(column))) <= own
        assert set(session.scalars(select(Contact.e164))) <= own
    assert len(service.received(db, actor)) > 1
    assert all(sms.at <= db.now() for sms in service.received(db, actor))


def test_the_live_engine_takes_over(db: Database, clock: SimulatedClock, settings: Settings) -> None:
    """Today's campaign is left to the live lane: it is written and paid for like any other."""
    actor = opened(db, settings)
    live = scalar(db, select(CAMPAIGN.c.id).where(CAMPAIGN.c.state == CampaignState.MATERIALISING))
    quote_of = partial(quote_campaign, terms=Terms.of(settings))
    assert materialise(db, live, quote_of) == actor.account_id
    before = balance(db, actor).available
    network = Simulator.instant(clock.now)
    asyncio.run(run_to_end(db, network, "live", clock, clock.now() + timedelta(hours=1), quote_of))
    spent = scalar(db, select(func.sum(MESSAGE.c.cost)).where(MESSAGE.c.campaign_id == live))
    assert before - balance(db, actor).available == spent > 0
    assert check(db) == []


def test_two_at_once_do_not_mix(db: Database, settings: Settings) -> None:
    """Built at the same time, each has its own people, replies and blacklist (replies go by number: S44, S74)."""

    async def both() -> list[Actor]:
        return await asyncio.gather(*(open_demonstration(db, settings, size=SMALL) for _ in range(2)))

    one, two = asyncio.run(both())
    assert one.account_id != two.account_id
    assert check(db) == []
    numbers = {}
    with db.read() as session:
        for actor in (one, two):
            mine = session.connection().scalars(select(MESSAGE.c.e164).where(MESSAGE.c.account_id == actor.account_id))
            numbers[actor.account_id] = set(mine)
        assert not numbers[one.account_id] & numbers[two.account_id]
        replies = session.connection().execute(select(REPLY.c.account_id, REPLY.c.e164)).all()
        stops = (
            session.connection()
            .execute(select(SUPPRESSION.c.account_id, SUPPRESSION.c.e164).where(SUPPRESSION.c.origin == "stop"))
            .all()
        )
    assert replies
    assert all(e164 in numbers[account] for account, e164 in [*replies, *stops])


def test_removal_keeps_the_ledger(db: Database, clock: SimulatedClock, settings: Settings) -> None:
    """After a week nobody's name or text is left, nobody can enter, and the ledger still proves."""
    actor = opened(db, settings)
    sid = sessions.open_session(db, actor.user_id, timedelta(days=30))
    transfers = scalar(db, select(func.count()).select_from(TRANSFER))
    assert removal.sweep(db) == 0
    clock.advance(timedelta(days=8))
    assert removal.sweep(db) == 1
    assert removal.sweep(db) == 0
    assert sessions.actor_of(db, sid) is None
    assert check(db) == []
    assert scalar(db, select(func.count()).select_from(TRANSFER)) == transfers
    assert contacts.count(db, actor) == 0
    assert service.received(db, actor) == [] or all(sms.text == "" for sms in service.received(db, actor))
    assert scalar(db, select(func.count()).select_from(MESSAGE).where(MESSAGE.c.body != "")) == 0
    assert scalar(db, select(func.count()).select_from(Mail)) == 0


def test_an_interrupted_one_is_taken_away_at_the_next_start(db: Database, settings: Settings) -> None:
    """The server dies in the middle: credits held come back, nothing waits for ever, the ledger proves."""

    class Died(BaseException):
        pass

    def die(done: int, total: int, _step: str) -> None:
        if done > total * 0.6:
            raise Died

    with pytest.raises(Died):
        asyncio.run(open_demonstration(db, settings, die, size=SMALL))
    assert removal.begin(db, settings) == 1
    assert check(db) == []
    assert scalar(db, select(func.count()).select_from(Contact)) == 0


def test_a_server_that_really_sends_closes_them_first(db: Database, tmp_path: Path, settings: Settings) -> None:
    """No demonstration meets a real gateway or a mail server: none is made there, and those there are emptied."""
    actor = opened(db, settings)
    real = Settings(data_dir=tmp_path, smtp_host="mail.example.net")
    assert removal.begin(db, real) == 1
    with db.read() as session:
        alive = (CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.SCHEDULED, CampaignState.MATERIALISING)
        left = session.connection().scalars(select(CAMPAIGN.c.id).where(CAMPAIGN.c.state.in_(alive))).all()
        assert left == []
        assert session.get_one(User, actor.user_id).password_hash == ""
    with pytest.raises(RuntimeError):
        opened(db, real)


async def test_openings_wait_their_turn(db: Database, settings: Settings) -> None:
    """Two are built at a time, the third waits with its place; each token enters once."""
    openings = service.Openings(db, settings, plan.Size(contacts=160))
    tokens = [await openings.start("127.0.0.1", "fr") for _ in range(3)]
    await asyncio.sleep(0)
    assert [openings.look(token).phase for token in tokens] == [
        service.Phase.BUILDING, service.Phase.BUILDING, service.Phase.WAITING,
    ]  # fmt: skip
    assert openings.look(tokens[2]).place == 1
    await asyncio.gather(*openings._tasks)
    actors = [openings.enter(token) for token in tokens]
    assert len({actor.account_id for actor in actors}) == 3
    with pytest.raises(service.NoSuchOpening):
        openings.enter(tokens[0])
    with pytest.raises(service.NoSuchOpening):
        openings.look("something else")


async def test_openings_are_refused_in_words(db: Database, tmp_path: Path, settings: Settings) -> None:
    """Off in a server that sends, and rationed for one visitor: said on the page that shows the progress."""
    off = service.Openings(db, Settings(data_dir=tmp_path, smtp_host="mail.example.net"))
    refused = off.look(await off.start("127.0.0.1", "fr"))
    assert (refused.phase, type(refused.refusal)) == (service.Phase.REFUSED, service.DemoOff)
    on = service.Openings(db, settings, plan.Size(contacts=160))
    on._turns = asyncio.Semaphore(0)  # none begins
    phases = [on.look(await on.start("192.0.2.7", "fr")).phase for _ in range(service.FROM_HERE.limit + 1)]
    assert phases[-2:] == [service.Phase.WAITING, service.Phase.REFUSED]
    await on.close()
