"""The promise of the price: what a campaign was quoted is what the ledger debits, to the last unit (S53-S55, S78, M12).

Two hundred campaigns drawn at random go the whole way, from the composer to the last report of the simulated network:
countries, encodings, variables (two of them fields of the account's own) without a value, numbers that stand twice,
blacklisted and unreadable ones.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.launch import Seen, launch
from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.campaigns.service import add_groups, add_numbers, create_draft, edit_draft
from smsapp.contacts.blacklist import blacklist
from smsapp.contacts.fields import create_field
from smsapp.contacts.groups import create_group
from smsapp.contacts.service import Sheet, create_contact
from smsapp.db import Database, SimulatedClock
from smsapp.domain.encoding import Encoding
from smsapp.gateways.contract import Outcome, Result
from smsapp.gateways.fate import Traits
from smsapp.gateways.simulator import Simulator
from smsapp.ledger.service import balance, purchase
from smsapp.reports.campaign import ledger_debit, report
from smsapp.reports.story import timeline
from smsapp.sending.policy import Policy
from smsapp.sending.replay import run_to_end
from smsapp.sending.tables import MESSAGE
from tests.services.sending.house import assert_exact

TERMS = Terms()
CAMPAIGNS = 200
BOUGHT = 100_000 * 10_000
PIECES = (
    "Bonjour $prenom|client|",
    "$nom, ",
    " chez $societe !",
    " à $Ville|Aix|",
    " $points points",
    "€",
    "ê",
    "😀",
    "[x]",
    " promo -20%",
    "à bientôt ",
    "z" * 70,
)
FRENCH = tuple(f"06123456{i:02d}" for i in range(60))
ABROAD = ("447700040123", "+32470123456", "+41781234567", "596696123456", "+262692123456", "+4915112345678")
WRONG = ("0696123456", "Paul", "06 12 34 56 7")
NAMES = ("", "Inès", "Zoë", "Marie-Emmanuelle", "N’Diaye", "👩‍🚒")


def fill(db: Database, actor: Actor, draw: random.Random) -> list[int]:
    """An address book of forty, some of them twice, some on the blacklist; groups of ten to write to."""
    purchase(db, actor.account_id, BOUGHT, "two-hundred")
    own = [create_field(db, actor, name).key for name in ("Ville", "Points")]
    contacts = [
        create_contact(
            db,
            actor,
            Sheet(
                draw.choice(FRENCH + ABROAD),
                nom=draw.choice(NAMES),
                prenom=draw.choice(NAMES) or "A",
                extra={key: draw.choice(NAMES) for key in own},
            ),
        )
        for _ in range(40)
    ]
    blacklist(db, actor, [33612345605, 33612345617, 447700040123])
    return [create_group(db, actor, f"G{i}", draw.sample(contacts, 10)) for i in range(8)]


def compose(db: Database, actor: Actor, draw: random.Random, groups: Sequence[int]) -> int:
    """A draft as somebody writes one, to typed numbers and perhaps a group."""
    made = create_draft(db, actor)
    text = "".join(draw.choices(PIECES, k=draw.randrange(1, 9)))
    marketing = draw.random() < 0.5
    sender = "" if marketing else draw.choice(("", "LAVANDE"))
    edit_draft(db, actor, made, text=text, purpose="marketing" if marketing else "transactional", sender=sender)
    typed = draw.choices(FRENCH + ABROAD, k=draw.randrange(1, 8)) + draw.choices(WRONG, k=draw.randrange(3))
    draw.shuffle(typed)
    add_numbers(db, actor, made, ", ".join([*typed, draw.choice(FRENCH[20:])]))
    if draw.random() < 0.4:
        add_groups(db, actor, made, [draw.choice(groups)])
    return made


def send_all(db: Database, actor: Actor, seed: int, count: int = CAMPAIGNS) -> dict[int, Seen]:
    """Campaigns written and launched, with what each was quoted on its page."""
    draw = random.Random(seed)
    groups = fill(db, actor, draw)
    quoted = {}
    for _ in range(count):
        made = compose(db, actor, draw, groups)
        found = quote_campaign(db, made, TERMS)  # as the page shows it: `launch` refuses any other figures
        quoted[made] = Seen(found.kept, found.total)
        assert launch(db, actor, made, quoted[made], TERMS, consent=True) == made
    return quoted


async def live_through(db: Database, clock: SimulatedClock, network: Simulator) -> None:
    until = clock.now() + timedelta(days=4)  # beyond the 72 hours after which an unknown outcome is given up
    seldom = Policy(window=500, ask_after_s=(86_400.0,))
    await run_to_end(db, network, "live", clock, until, lambda of, made: quote_campaign(of, made, TERMS), policy=seldom)


async def test_S53_S55_two_hundred_quotes_equal_their_debits(
    db: Database, clock: SimulatedClock, actor: Actor, tmp_path: Path
) -> None:
    quoted = send_all(db, actor, seed=20)
    await live_through(db, clock, Simulator.instant(db.now, tmp_path / "journal"))
    for made, seen in quoted.items():
        found = report(db, actor, made)
        assert ledger_debit(db, actor, made) == found.live.debited == found.written_units == seen.units, made
        assert found.live.figures.received == found.live.figures.total == seen.recipients
    spent = sum(seen.units for seen in quoted.values())
    left = balance(db, actor)
    assert (left.available, left.held) == (BOUGHT - spent, 0)
    with db.read() as session:
        messages = session.connection().execute(select(MESSAGE)).all()
    # The draw met everything that it is about.
    assert {message.encoding for message in messages} == set(Encoding)
    assert len({message.territory for message in messages}) > 4
    assert {1, 2, 3} <= {message.segments for message in messages}
    exclusions = [report(db, actor, made).exclusions for made in quoted]
    assert all(sum(getattr(one, name) for one in exclusions) for name in ("duplicates", "blacklisted", "unreadable"))
    assert_exact(db)


class Mute(Simulator):
    """A network that does not say what it took."""

    async def find(self, key: str) -> Result | None:
        return Result(key, Outcome.UNKNOWN)


async def test_S78_with_refusals_the_gap_is_explained_line_by_line(
    db: Database, clock: SimulatedClock, actor: Actor, tmp_path: Path
) -> None:
    """A network that refuses, loses and fails: what was not debited is exactly the lines that say why."""
    quoted = send_all(db, actor, seed=21, count=20)
    harsh = Traits(request_lost=0.15, answer_lost=0.1, no_report=0.1)
    for number in ("0612346000", "0612347000", "0612348000"):  # refused at once, whatever the draw
        made = create_draft(db, actor)
        edit_draft(db, actor, made, text="Bonjour 😀" * 9, purpose="transactional")
        add_numbers(db, actor, made, f"{number}, 0612345601, 0612345602")
        found = quote_campaign(db, made, TERMS)  # as the page shows it: `launch` refuses any other figures
        quoted[made] = Seen(found.kept, found.total)
        launch(db, actor, made, quoted[made], TERMS, consent=True)
    await live_through(db, clock, Mute(5, 1.0, tmp_path / "journal", db.now, harsh, keep=None))
    refused, never_known = 0, 0
    for made, seen in quoted.items():
        with db.read() as session:
            ids = session.connection().scalars(select(MESSAGE.c.id).where(MESSAGE.c.campaign_id == made)).all()
        lines = [timeline(db, actor, message_id) for message_id in ids]
        assert sum(line.cost for line in lines) == seen.units
        assert sum(line.units for line in lines) == ledger_debit(db, actor, made)
        for line in lines:
            assert line.units in (0, line.cost)
            if not line.units:
                given_back = [step for step in line.steps if step.credit in ("release", "offered")]
                assert given_back, line.state
                assert given_back[-1].units == line.cost
                assert line.cause_key or line.next.key
                refused += line.state == "rejected"
                never_known += line.state == "expired_unknown"
    assert refused >= 3
    assert never_known
    assert_exact(db)
