"""Several gateways behind one engine: who carries what is on the row before the call, and nothing goes to two of them."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import Outcome, Result, Submit
from smsapp.gateways.fate import Traits
from smsapp.gateways.journal import Take, entries
from smsapp.gateways.routing import Later, Router, Way
from smsapp.gateways.simulator import Simulator
from smsapp.sending.engine import Engine
from smsapp.sending.outbox import Window, window
from smsapp.sending.policy import Policy
from smsapp.sending.tables import MESSAGE
from tests.services.sending.house import POLICY, assert_exact, campaign_state, quote_of, running, states
from tests.services.sending.test_engine import Watch, taken


class Named(Simulator):
    """The simulated network under another name, which may refuse what it is handed."""

    def __init__(self, db: Database, name: str, journal: Path, refusal: Result | None = None) -> None:
        super().__init__(0, 1e9, journal, db.now, Traits.instant())  # whatever the installation's references are
        self.name = name
        self._refusal = refusal

    async def submit(self, batch: Sequence[Submit]) -> list[Result]:
        if self._refusal is None:
            return self.take(batch)
        return [Result(m.key, self._refusal.outcome, retry_after=self._refusal.retry_after) for m in batch]


def gateways_of(db: Database) -> set[str | None]:
    with db.read() as session:
        return set(session.connection().scalars(select(MESSAGE.c.gateway)))


async def test_what_the_first_gateway_does_not_take_the_second_carries(
    db: Database, actor: Actor, tmp_path: Path
) -> None:
    campaign_id = running(db, actor, 40)
    watch = Watch()
    second = tmp_path / "second"
    refusing = Named(db, "first", tmp_path / "first", Result("", Outcome.RETRY, retry_after=0.0))
    router = Router([Way(refusing), Way(Named(db, "second", second))], now=db.now)
    engine = Engine(db, router, quote_of(40), on_change=watch, policy=Policy(window=16))
    await engine.start()
    await engine.wake()
    await watch.until(lambda: campaign_state(db, campaign_id) == "finished")
    await engine.stop()
    assert sorted(taken(second)) == sorted(set(taken(second)))
    assert len(taken(second)) == 40
    assert gateways_of(db) == {"second"}
    assert_exact(db, taken(second))


async def test_what_may_be_out_is_never_given_to_another_gateway(db: Database, actor: Actor, tmp_path: Path) -> None:
    running(db, actor, 20)
    watch = Watch()
    second = tmp_path / "second"
    silent = Named(db, "first", tmp_path / "first", Result("", Outcome.UNKNOWN))
    router = Router([Way(silent), Way(Named(db, "second", second))], now=db.now)
    engine = Engine(db, router, quote_of(20), on_change=watch, policy=Policy(window=20))
    await engine.start()
    await engine.wake()
    await watch.until(lambda: states(db).get("unknown") == 20)
    await asyncio.wait_for(engine.stop(), 10)
    assert not [entry for entry in entries(second) if isinstance(entry, Take)]
    assert gateways_of(db) == {"first"}
    assert_exact(db)


def claim(db: Database, answer: str | Later | None) -> Window:
    def route(territory: str, sms_type: SmsType, last: str | None) -> str | Later | None:
        assert (territory, sms_type, last) == ("FR", SmsType.PRO, None)
        return answer

    return window(db, lane="live", gateway=route, size=10, policy=POLICY)


def test_a_message_to_which_no_way_leads_is_refused_and_not_debited(db: Database, actor: Actor) -> None:
    running(db, actor, 3)
    assert claim(db, None).batch == []
    assert states(db) == {"rejected": 3}
    assert_exact(db)


def test_a_message_whose_gateway_is_busy_stays_and_one_whose_gateways_are_down_is_put_off(
    db: Database, actor: Actor
) -> None:
    running(db, actor, 3)
    assert claim(db, Later()).looked_at == 0
    assert claim(db, Later(30)).looked_at == 3
    assert claim(db, "late").batch == []
    assert states(db) == {"queued": 3}
    db.clock.advance(timedelta(seconds=31))
    assert claim(db, "late").gateways == ["late"] * 3
    assert_exact(db)
