"""A tenant with something in every room, all of it marked, and a picture of it to compare afterwards."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, select
from sqlmodel import SQLModel

from smsapp.accounts import mail
from smsapp.accounts.actor import Actor
from smsapp.campaigns import service as campaigns
from smsapp.campaigns.launch import Seen, launch
from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.campaigns.schedule import Plan, schedule
from smsapp.contacts import blacklist, fields, groups, search
from smsapp.contacts import service as contacts
from smsapp.contacts.export import keep_selection
from smsapp.contacts.merging import merge_number
from smsapp.db import Database
from smsapp.domain.moment import parse
from smsapp.imports.tables import ContactImport, Rejection
from smsapp.sending.materialise import materialise
from smsapp.sending.opt_out import tokens_of
from smsapp.sending.tables import Conversation, Reply, ReportInbox

MARK = "zzinterdit"
NUMBERS = (33699999901, 33699999902, 33699999903)

# What no page shows and no handler names: their rows are not looked for.
HIDDEN = {"account", "app_user", "user_session", "ledger_account", "ledger_transfer"}


def fill(db: Database, actor: Actor) -> None:
    """Put something of the actor's account into every table that belongs to accounts."""
    sheets = [contacts.Sheet(number=f"+{number}", nom=f"{MARK}{number}", prenom=MARK) for number in NUMBERS]
    ids = [contacts.create_contact(db, actor, sheet) for sheet in sheets[:2]]
    twice = contacts.Sheet(number=f"+{NUMBERS[0]}", nom=f"{MARK} double", prenom=MARK)
    contacts.create_contact(db, actor, twice)
    merge_number(db, actor, ids[0], {})
    contacts.create_contact(db, actor, twice)
    search.index_all(db)
    ids.append(contacts.create_contact(db, actor, sheets[2]))  # stays noted for the search index
    group_id = groups.create_group(db, actor, f"{MARK} groupe", ids)
    fields.create_field(db, actor, f"{MARK} champ")
    keep_selection(db, actor, ids)
    blacklist.blacklist(db, actor, [NUMBERS[2]], reason=MARK)
    unsent = campaigns.create_draft(db, actor)
    campaigns.edit_draft(db, actor, unsent, name=f"{MARK} brouillon", text=f"{MARK} bonjour")
    sent = campaigns.create_draft(db, actor)
    campaigns.edit_draft(db, actor, sent, name=f"{MARK} partie", text=f"{MARK} bonjour", purpose="transactional")
    campaigns.add_groups(db, actor, sent, [group_id])
    quote = quote_campaign(db, sent, Terms())
    launch(db, actor, sent, Seen(quote.kept, quote.total), Terms(), consent=True)
    materialise(db, sent, lambda of, campaign_id: quote_campaign(of, campaign_id, Terms()))
    planned = campaigns.create_draft(db, actor)
    campaigns.edit_draft(db, actor, planned, name=f"{MARK} prévue", text=f"{MARK} bonjour", purpose="transactional")
    campaigns.add_groups(db, actor, planned, [group_id])
    later = Plan(parse("24/12/2027 18:30", "Europe/Paris"))
    schedule(db, actor, planned, Seen(quote.kept, quote.total), Terms(), later, consent=True)
    now = db.now()
    with db.write() as s:
        mail.post(s, actor.account_id, actor.email, f"{MARK} courrier", MARK, now)
        done = ContactImport(
            account_id=actor.account_id,
            user_id=actor.user_id,
            filename=f"{MARK}.csv",
            read=1,
            rejected=1,
            created_at=now,
        )
        s.add(done)
        s.flush()
        s.add(Rejection(import_id=done.id or 0, row=2, value=f"{MARK} 12", reason="letters", cells=[MARK]))
        key = f"{MARK}:{actor.account_id}"
        s.add(ReportInbox(key=key, gateway=MARK, kind="mo", received_at=now, try_at=now, processed_at=now))
        s.flush()
        s.add(Reply(inbox_key=key, account_id=actor.account_id, campaign_id=sent, e164=NUMBERS[0], text=MARK, at=now))
        s.add(Conversation(account_id=actor.account_id, e164=NUMBERS[0], last_at=now, last_text=MARK, unread=1))
    tokens_of(db, actor.account_id, NUMBERS[:1])


def tables() -> Iterable[Table]:
    """Every table of the product."""
    return SQLModel.metadata.sorted_tables


def picture(db: Database) -> dict[str, set[tuple[Any, ...]]]:
    """Every row of every table, as text."""
    with db.read() as s:
        return {table.name: {tuple(map(str, row)) for row in s.execute(select(table)).all()} for table in tables()}


def ids_of(db: Database, actor: Actor) -> dict[str, set[int]]:
    """The numeric keys of what belongs to an account, by table."""
    found: dict[str, set[int]] = {}
    with db.read() as s:
        for table in tables():
            if "account_id" in table.c and "id" in table.c:
                rows = s.execute(select(table.c.id).where(table.c.account_id == actor.account_id)).all()
                found[table.name] = {int(row[0]) for row in rows if isinstance(row[0], int)}
    return found
