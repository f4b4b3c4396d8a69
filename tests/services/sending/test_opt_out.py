"""The opt-out link (M6): real in every message that carries it, counted to the sign, one per person, and unguessable."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.launch import Seen, launch
from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.campaigns.service import add_numbers, create_draft, edit_draft
from smsapp.contacts.blacklist import suppressed
from smsapp.db import Database, SimulatedClock
from smsapp.domain.encoding import measure
from smsapp.domain.opt_out import LENGTH, SAMPLE, is_token, sample_link
from smsapp.gateways.contract import Mo, Outcome, Result
from smsapp.inbox.service import conversations, counts
from smsapp.ledger.service import purchase
from smsapp.reports.campaign import live
from smsapp.sending import opt_out
from smsapp.sending.materialise import materialise
from smsapp.sending.opt_out import UnknownLink
from smsapp.sending.outbox import Answer, window
from smsapp.sending.receipts import take_in
from smsapp.sending.tables import MESSAGE, OPT_OUT
from tests.services.sending.house import POLICY, assert_exact

TERMS = replace(Terms(hours_hold=False), opt_out_link=sample_link("https://lvd.fr"))
ABROAD = (447700900123, 447911123456, 447911123457)


def sent(db: Database, actor: Actor, typed: str, text: str = "Soldes") -> int:
    """A marketing campaign to the numbers, quoted, launched and written to the outbox."""
    campaign_id = create_draft(db, actor)
    edit_draft(db, actor, campaign_id, text=text, purpose="marketing")
    add_numbers(db, actor, campaign_id, typed)
    purchase(db, actor.account_id, 1_000_000, f"opt-out-{campaign_id}")
    quote = quote_campaign(db, campaign_id, TERMS)
    launch(db, actor, campaign_id, Seen(quote.kept, quote.total), TERMS, consent=True)
    materialise(db, campaign_id, lambda of, one: quote_campaign(of, one, TERMS))
    return campaign_id


def bodies(db: Database, campaign_id: int) -> dict[int, str]:
    with db.read() as session:
        rows = session.connection().execute(select(MESSAGE).where(MESSAGE.c.campaign_id == campaign_id)).all()
    for row in rows:
        assert measure(row.body).segments == row.segments
        assert row.cost == row.segments * row.unit_price
    return {row.e164: row.body for row in rows}


def token_of(db: Database, number: int) -> str:
    with db.read() as session:
        return str(session.connection().scalar(select(OPT_OUT.c.token).where(OPT_OUT.c.e164 == number)))


@pytest.mark.parametrize("length", [117, 118, 119])
def test_each_message_abroad_ends_with_a_link_of_its_own_priced_to_the_sign(
    db: Database, actor: Actor, length: int
) -> None:
    """The mention takes 41 - 10 + 10 signs: at 160 one segment, at 161 two, for the quote as for the message."""
    text = "a" * (length + 10)
    written = bodies(db, sent(db, actor, "+447911123456, +447911123457, 0612345678", text))
    links = [written[number].removeprefix(f"{text}\nStop: https://lvd.fr/s/") for number in ABROAD[1:]]
    assert all(is_token(link) for link in links)
    assert len(set(links)) == 2
    assert written[33612345678] == f"{text}\nSTOP 36111"
    assert not any(SAMPLE in body for body in written.values())


def test_a_person_keeps_the_same_link_and_other_accounts_have_others(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    first, again = (bodies(db, sent(db, actor, "+447911123456")) for _ in range(2))
    other = bodies(db, sent(db, make_actor("romarin"), "+447911123456"))
    assert first == again
    assert first[ABROAD[1]][-LENGTH:] != other[ABROAD[1]][-LENGTH:]


def test_opening_a_link_changes_nothing_and_pressing_stops_the_account_at_once(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    """S74: what is queued is suppressed at the claim, nothing is debited for it; the other account is not touched."""
    sent(db, actor, "+447911123456, +447911123457")
    token = token_of(db, ABROAD[1])
    for _ in range(2):
        assert not opt_out.look(db, token).stopped
    for _ in range(2):  # pressed twice
        assert opt_out.opt_out(db, token).account_id == actor.account_id
    assert opt_out.look(db, token).stopped
    assert suppressed(db, actor) == {ABROAD[1]}
    assert [submit.e164 for submit in window(db, lane="live", gateway="g", size=10, policy=POLICY).batch] == [ABROAD[2]]
    assert suppressed(db, make_actor("romarin")) == set()
    assert_exact(db)


def test_a_stop_by_the_link_counts_where_a_stop_in_words_does_each_person_once(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    """S45: in the report of the campaign that it answers, the last that wrote to them, and above the replies."""
    before = sent(db, actor, "+447911123456")
    window(db, lane="live", gateway="g", size=10, policy=POLICY)
    campaign_id = sent(db, actor, "+447911123456, +447911123457, +447700900123")
    claimed = window(db, lane="live", gateway="g", size=10, policy=POLICY)
    answers = [Answer(t, Result(m.key, Outcome.ACCEPTED)) for t, m in zip(claimed.tickets, claimed.batch, strict=True)]
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    take_in(db, "g", [Mo("said", ABROAD[1], "36111", "STOP", db.now())])
    for number in (ABROAD[1], ABROAD[2], ABROAD[2]):
        opt_out.opt_out(db, token_of(db, number))
    found = live(db, actor, campaign_id)
    assert (found.replies, found.stops) == (1, 2)
    assert live(db, actor, before).stops == 0
    assert counts(db, actor).stops == 2
    assert counts(db, make_actor("romarin")).stops == 0
    assert suppressed(db, actor) == {ABROAD[1], ABROAD[2]}
    assert [line.stopped for line in conversations(db, actor).lines] == [True]


def test_a_stop_by_the_link_of_more_than_a_week_ago_is_not_of_this_week(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    campaign_id = sent(db, actor, "+447911123456")
    window(db, lane="live", gateway="g", size=10, policy=POLICY)
    opt_out.opt_out(db, token_of(db, ABROAD[1]))
    clock.advance(timedelta(days=8))
    assert (counts(db, actor).stops, live(db, actor, campaign_id).stops) == (0, 1)


@pytest.mark.parametrize(
    "token", ["", "x" * LENGTH, "a" * LENGTH, "a" * 9, "a" * 11, "../../etc", "0OIl0OIl0O", "a\0" * 5]
)
def test_a_made_up_link_is_refused_and_changes_nothing(db: Database, actor: Actor, token: str) -> None:
    sent(db, actor, "+447911123456")
    for act in (opt_out.look, opt_out.opt_out):
        with pytest.raises(UnknownLink):
            act(db, token)
    assert suppressed(db, actor) == set()


def test_links_of_many_numbers_are_made_once(db: Database, actor: Actor) -> None:
    numbers = range(447911000000, 447911009000)
    made = opt_out.tokens_of(db, actor.account_id, numbers)
    assert len(set(made.values())) == len(made) == 9000
    assert opt_out.tokens_of(db, actor.account_id, numbers) == made
