"""Replies as conversations on both engines (S42-S46): list, search, unread, dealt with, answers priced to the unit."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.launch import QuoteChanged
from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.campaigns.rules import NotEnoughCredits, TextMissing, TextTooLong
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.groups import create_group
from smsapp.contacts.service import Sheet, create_contact
from smsapp.db import Database, SimulatedClock
from smsapp.gateways.contract import Mo, Outcome, Result
from smsapp.inbox.answer import Stopped, answer, price_answer
from smsapp.inbox.service import ConversationNotFound, conversations, counts, mark_read, set_done, unread_count
from smsapp.inbox.thread import thread
from smsapp.ledger.service import balance
from smsapp.sending.materialise import materialise
from smsapp.sending.outbox import Answer, window
from smsapp.sending.receipts import take_in
from smsapp.sending.tables import MESSAGE
from tests.services.sending.house import FIRST, POLICY, assert_exact, running

TERMS = Terms(hours_hold=False)


def written_to(db: Database, actor: Actor, count: int, credits: int | None = None, first: int = FIRST) -> None:
    """A campaign of the account to ``count`` numbers, taken by the operator."""
    running(db, actor, count, credits=credits or count, first=first)
    leave(db)


def leave(db: Database) -> list[str]:
    """Everything that is ready leaves; what was written, in order."""
    done = window(db, lane="live", gateway="g", size=64, policy=POLICY)
    pairs = zip(done.tickets, done.batch, strict=True)
    answers = [Answer(ticket, Result(submit.key, Outcome.ACCEPTED)) for ticket, submit in pairs]
    window(db, lane="live", gateway="g", size=0, answers=answers, policy=POLICY)
    return [submit.text for submit in done.batch]


def says(db: Database, clock: SimulatedClock, number: int, text: str) -> None:
    clock.advance(timedelta(minutes=1))
    take_in(db, "g", [Mo(f"{number}-{db.now().isoformat()}", number, "36111", text, db.now())])


def test_S44_one_line_per_number_latest_first_by_the_name_of_the_book(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    written_to(db, actor, 3)
    create_contact(db, actor, Sheet(number=f"+{FIRST}", nom="Moreau", prenom="Inès"))
    says(db, clock, FIRST, "Oui pour jeudi")
    says(db, clock, FIRST + 1, "STOP")
    says(db, clock, FIRST + 2, "Qui êtes-vous ?")
    says(db, clock, FIRST, "18 h ?")
    lines = conversations(db, actor).lines
    assert [(line.e164, line.name, line.text, line.unread, line.stopped) for line in lines] == [
        (FIRST, "Inès Moreau", "18 h ?", 2, False),
        (FIRST + 2, "", "Qui êtes-vous ?", 1, False),
        (FIRST + 1, "", "STOP", 0, True),
    ]
    found = counts(db, actor)
    assert (found.unread, found.open, found.stops, found.total) == (2, 2, 1, 3)
    assert suppressed(db, actor) == {FIRST + 1}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("inès", [FIRST]),
        ("MOREAU ines", [FIRST]),
        ("jeudi", [FIRST]),
        ("06 00 10 00 02", [FIRST + 1]),
        ("33600100002", [FIRST + 1]),
        ("100%", []),
        ("\0", [FIRST + 1, FIRST]),
    ],
)
def test_a_conversation_is_found_by_name_number_and_words(
    db: Database, actor: Actor, clock: SimulatedClock, asked: str, found: list[int]
) -> None:
    written_to(db, actor, 2)
    create_contact(db, actor, Sheet(number=f"+{FIRST}", nom="Moreau", prenom="Inès"))
    says(db, clock, FIRST, "Oui pour jeudi")
    says(db, clock, FIRST + 1, "D'accord")
    assert [line.e164 for line in conversations(db, actor, search=asked).lines] == found


def test_views_and_pages_lose_nobody(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    written_to(db, actor, 60)
    for number in range(FIRST, FIRST + 60):
        says(db, clock, number, "STOP" if number % 3 == 0 else "oui")
    first = conversations(db, actor)
    rest = conversations(db, actor, after=first.next)
    assert rest.next == ""
    assert [line.e164 for line in (*first.lines, *rest.lines)] == list(range(FIRST + 59, FIRST - 1, -1))
    assert conversations(db, actor, after="gibberish~x") == first
    mark_read(db, actor, FIRST + 1)
    set_done(db, actor, FIRST + 2, True)
    stopped = {n for n in range(FIRST, FIRST + 60) if n % 3 == 0}
    assert {line.e164 for line in conversations(db, actor, "stop").lines} == stopped
    unread = set(range(FIRST, FIRST + 60)) - stopped - {FIRST + 1, FIRST + 2}
    assert {line.e164 for line in conversations(db, actor, "unread").lines} == unread
    assert unread_count(db, actor) == len(unread)
    assert FIRST + 2 not in {line.e164 for line in conversations(db, actor, "open").lines}


def test_a_new_reply_opens_again_what_was_dealt_with(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    written_to(db, actor, 1)
    says(db, clock, FIRST, "oui")
    set_done(db, actor, FIRST, True)
    assert (thread(db, actor, FIRST).done, unread_count(db, actor)) == (True, 0)
    says(db, clock, FIRST, "et ma commande ?")
    assert (thread(db, actor, FIRST).done, unread_count(db, actor)) == (False, 1)
    assert mark_read(db, actor, FIRST)
    assert not mark_read(db, actor, FIRST)


def test_a_thread_shows_both_sides_in_order_and_who_it_is(db: Database, actor: Actor, clock: SimulatedClock) -> None:
    contact_id = create_contact(db, actor, Sheet(number=f"+{FIRST}", nom="Moreau", prenom="Inès", societe="Mistral"))
    create_group(db, actor, "Aix", [contact_id])
    written_to(db, actor, 2)
    says(db, clock, FIRST, "OUI")
    clock.advance(timedelta(minutes=1))
    written_to(db, actor, 2)
    says(db, clock, FIRST, "START")
    blacklist(db, actor, [FIRST])
    found = thread(db, actor, FIRST)
    assert [(one.ours, one.text, one.wish) for one in found.said] == [
        (True, "Bonjour Ines", ""),
        (False, "OUI", ""),
        (True, "Bonjour Ines", ""),
        (False, "START", "start"),
    ]
    person = found.person
    assert (person.name, person.company, person.groups) == ("Inès Moreau", "Mistral", ("Aix",))
    assert (person.sent, person.replies, person.stop_origin) == (2, 2, "manual")
    assert found.said[0].campaign == "Essai"


def test_an_answer_is_priced_sent_and_debited_as_one_transactional_sms(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    """S43: without a sender's name, so that the person can reply again. Quote = debit, to the unit."""
    written_to(db, actor, 1, credits=4)
    create_contact(db, actor, Sheet(number=f"+{FIRST}", nom="Moreau", prenom="Inès"))
    says(db, clock, FIRST, "Vous ouvrez dimanche ?")
    text = "Oui $prenom, de 9 h à 12 h. " + "a" * 150
    found = price_answer(db, actor, FIRST, text, TERMS)
    assert (found.segments, found.units) == (2, 2 * found.unit_price)
    before = balance(db, actor).available
    with pytest.raises(QuoteChanged):
        answer(db, actor, FIRST, text, found.units - 1, TERMS)
    campaign_id = answer(db, actor, FIRST, text, found.units, TERMS)
    materialise(db, campaign_id, lambda of, one: quote_campaign(of, one, TERMS))
    assert leave(db) == [text.replace("$prenom", "Inès")]
    assert balance(db, actor).available == before - found.units
    with db.read() as session:
        row = session.connection().execute(select(MESSAGE).where(MESSAGE.c.campaign_id == campaign_id)).one()
    assert (row.e164, row.cost, row.state) == (FIRST, found.units, "accepted")
    line = conversations(db, actor).lines[0]
    assert (line.ours, line.unread, line.text[:12]) == (True, 0, "Oui $prenom,")
    assert thread(db, actor, FIRST).said[-1].campaign == ""
    assert_exact(db)


def test_an_answer_is_refused_with_a_sentence_and_nothing_leaves(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    written_to(db, actor, 2)  # no credit is left
    says(db, clock, FIRST, "allo")
    says(db, clock, FIRST + 1, "stop")
    for number, text, units, refusal in (
        (FIRST, "  ", 10_000, TextMissing),
        (FIRST, "a" * 2_001, 10_000, TextTooLong),
        (FIRST, "Bonjour", 10_000, NotEnoughCredits),
        (FIRST + 1, "Bonjour", 10_000, Stopped),
        (FIRST + 9, "Bonjour", 10_000, ConversationNotFound),
    ):
        with pytest.raises(refusal):
            answer(db, actor, number, text, units, TERMS)
    assert leave(db) == []


def test_another_account_sees_touches_and_answers_nothing(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor], clock: SimulatedClock
) -> None:
    other = make_actor("romarin")
    written_to(db, actor, 1)
    says(db, clock, FIRST, "oui")
    assert conversations(db, other).lines == ()
    assert counts(db, other).total == 0
    assert not mark_read(db, other, FIRST)
    for act in (
        lambda: thread(db, other, FIRST),
        lambda: set_done(db, other, FIRST, True),
        lambda: price_answer(db, other, FIRST, "x", TERMS),
        lambda: answer(db, other, FIRST, "x", 10_000, TERMS),
    ):
        with pytest.raises(ConversationNotFound):
            act()
    assert unread_count(db, actor) == 1
