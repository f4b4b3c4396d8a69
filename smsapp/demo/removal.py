"""Taking demonstrations away: after a week, when their making was interrupted, or when the server sends for real.

What the ledger speaks of stays: the account, its campaigns, its messages with their costs and states, every transfer.
What was in them goes: contacts, groups, blacklist, e-mails, texts, names, sessions. Short transactions, as elsewhere.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account, Mail, User, UserSession
from smsapp.campaigns.tables import CampaignState
from smsapp.contacts.tables import Contact, ContactField, Group, GroupMember, KeptSelection
from smsapp.db import Database
from smsapp.sending import lifecycle
from smsapp.sending.policy import Policy
from smsapp.sending.tables import CAMPAIGN, CONVERSATION, MESSAGE, OPT_OUT, REPLY, SUPPRESSION
from smsapp.settings import Settings

KEPT = timedelta(days=7)
CHUNK = 2_000
GONE = ""  # the name of an account whose demonstration was taken away

_TABLES = Account.metadata.tables
ACCOUNT, USER, SESSION, MAIL = (_TABLES[str(m.__tablename__)] for m in (Account, User, UserSession, Mail))
CONTACT, GROUP, MEMBER, FIELD, SELECTION = (
    _TABLES[str(m.__tablename__)] for m in (Contact, Group, GroupMember, ContactField, KeptSelection)
)


def begin(db: Database, settings: Settings) -> int:
    """Before a server starts to send: remove what was interrupted, and everything when it is not in demonstration mode.

    Returns how many demonstrations were removed.
    """
    unfinished = USER.c.last_login_at.is_(None)
    found = _demonstrations(db) if not settings.demo else _demonstrations(db, unfinished)
    for actor in found:
        remove(db, actor)
    return len(found)


def sweep(db: Database) -> int:
    """Remove the demonstrations opened more than a week ago. Returns how many."""
    found = _demonstrations(db, USER.c.last_login_at < db.now() - KEPT)
    for actor in found:
        remove(db, actor)
    return len(found)


def remove(db: Database, actor: Actor) -> None:
    """Close and empty one demonstration. May be interrupted and run again."""
    mine = actor.account_id
    with db.write() as session:
        users = select(USER.c.id).where(USER.c.account_id == mine)
        session.connection().execute(delete(SESSION).where(SESSION.c.user_id.in_(users)))
    with db.read() as session:
        asked = select(CAMPAIGN.c.id, CAMPAIGN.c.lane).where(CAMPAIGN.c.account_id == mine)
        campaigns = session.connection().execute(asked).all()
    with db.write() as session:  # about to begin: no message of theirs has left, and none will
        starting = (CAMPAIGN.c.account_id == mine, CAMPAIGN.c.state == CampaignState.MATERIALISING)
        session.connection().execute(update(CAMPAIGN).where(*starting).values(state=CampaignState.CANCELLED))
    for campaign in campaigns:
        with suppress(lifecycle.NotNow):  # over already, or never begun
            lifecycle.cancel(db, actor, campaign.id)
    lifecycle.sweep_cancelled(db)
    policy = replace(Policy(), unknown_deadline=timedelta(0))
    for lane in {c.lane for c in campaigns if c.lane != "live"}:  # nobody else will look at what is left there
        lifecycle.reap(db, policy, lane, alone=True)
        lifecycle.give_up_unknown(db, policy, lane)
    _forget_contacts(db, mine)
    _forget_texts(db, mine)
    with db.write() as session:
        connection = session.connection()
        for table in (SUPPRESSION, GROUP, FIELD, SELECTION, MAIL, CONVERSATION, OPT_OUT):
            connection.execute(delete(table).where(table.c.account_id == mine))
        connection.execute(update(REPLY).where(REPLY.c.account_id == mine).values(text=""))
        drafts = (CAMPAIGN.c.account_id == mine, CAMPAIGN.c.state == CampaignState.DRAFT)
        connection.execute(delete(CAMPAIGN).where(*drafts))
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == mine).values(name=GONE))


def _forget_contacts(db: Database, account_id: int) -> None:
    while True:
        with db.write() as session:
            connection = session.connection()
            some = select(CONTACT.c.id).where(CONTACT.c.account_id == account_id).order_by(CONTACT.c.id).limit(CHUNK)
            ids = list(connection.scalars(some))
            connection.execute(delete(MEMBER).where(MEMBER.c.contact_id.in_(ids)))
            connection.execute(delete(CONTACT).where(CONTACT.c.id.in_(ids)))
        if len(ids) < CHUNK:
            return


def _forget_texts(db: Database, account_id: int) -> None:
    """Empty what messages say and to whom by name; numbers, costs and states are what the ledger is checked against."""
    with db.read() as session:
        campaigns = list(session.connection().scalars(select(CAMPAIGN.c.id).where(CAMPAIGN.c.account_id == account_id)))
    for campaign_id in campaigns:
        with db.write() as session:
            connection = session.connection()
            of_it = MESSAGE.c.campaign_id == campaign_id
            connection.execute(update(MESSAGE).where(of_it).values(body="", nom="", prenom=""))
            connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.id == campaign_id).values(text="", typed=""))


def _demonstrations(db: Database, *only: ColumnElement[bool]) -> list[Actor]:
    """The demonstrations that are still there, each with its user."""
    asked = (
        select(USER.c.id, ACCOUNT.c.id, USER.c.identifiant, USER.c.email, USER.c.language, ACCOUNT.c.name)
        .join(ACCOUNT, ACCOUNT.c.id == USER.c.account_id)
        .where(ACCOUNT.c.is_demo, ACCOUNT.c.name != GONE, *only)
        .order_by(ACCOUNT.c.id)
    )
    with db.read() as session:
        return [Actor(*row) for row in session.connection().execute(asked)]
