"""Nothing leaves at another price than the one that the author agreed to (quote = debit)."""

import pytest
from sqlmodel import Session, select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import Campaign
from smsapp.db import Database
from smsapp.ledger.service import balance, purchase
from smsapp.sending.lifecycle import resume
from smsapp.sending.materialise import materialise
from smsapp.sending.outbox import window
from smsapp.sending.policy import Policy
from smsapp.sending.service import figures
from tests.services.sending.house import add_campaign, quote_of


@pytest.fixture
def campaign_id(db: Database, actor: Actor) -> int:
    """Agreed to: ten recipients at one credit each."""
    purchase(db, actor.account_id, 1_000_000, "agreed")
    made = add_campaign(db, actor)
    with db.write() as s:
        found = _of(s, made)
        found.quoted_recipients, found.quoted_units = 10, 100_000
        s.add(found)
    return made


def test_a_campaign_as_agreed_runs(db: Database, actor: Actor, campaign_id: int) -> None:
    materialise(db, campaign_id, quote_of(10))
    with db.read() as s:
        assert _of(s, campaign_id).state == "running"


def test_a_campaign_that_changed_waits_for_its_author(db: Database, actor: Actor, campaign_id: int) -> None:
    materialise(db, campaign_id, quote_of(12))
    held = figures(db, actor, campaign_id)
    assert held is not None
    assert (held.state, held.pause_reason, held.waiting) == ("paused", "quote_changed", 120_000)
    assert window(db, lane="live", gateway="g", size=64, policy=Policy()).batch == []
    assert balance(db, actor).available == 1_000_000
    resume(db, actor, campaign_id)
    assert len(window(db, lane="live", gateway="g", size=64, policy=Policy()).batch) == 12


def _of(session: Session, campaign_id: int) -> Campaign:
    return session.exec(select(Campaign).where(Campaign.id == campaign_id)).one()
