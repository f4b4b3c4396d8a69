"""Replies (S44), and STOP in all its spellings: whoever writes it is never written to again, from this commit on.

Without a custom sender the number that people reply to is shared, so that a reply belongs to the account that wrote to
them last, and a STOP is heard by every account that did so within 90 days (S45, S74). START takes back what STOP did,
for the same accounts, and nothing else: who was blacklisted by hand or by a file stays so (M27).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, exists, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.campaigns.tables import CampaignState
from smsapp.contacts.blacklist import tidy_reason
from smsapp.domain.delivery import NEVER_TAKEN, State
from smsapp.domain.wishes import Wish, wish_of
from smsapp.gateways.contract import Mo
from smsapp.sending.tables import CAMPAIGN, CONVERSATION, EVENT, MESSAGE, REPLY, SUPPRESSION

HEARD_BY = timedelta(days=90)
OVER = (CampaignState.DRAFT, CampaignState.FINISHED, CampaignState.CANCELLED)


def keep_replies(session: Session, replies: Sequence[tuple[str, Mo]], now: datetime) -> set[int]:
    """Store replies (by inbox key) and blacklist those who say STOP. Returns the accounts concerned."""
    if not replies:
        return set()
    connection = session.connection()
    written = defaultdict(list)
    left = [State.QUEUED, *NEVER_TAKEN]
    # One that a person sent again may have reached the phone the first time, wherever it stands now.
    again = exists().where(EVENT.c.message_id == MESSAGE.c.id, EVENT.c.why == "resend")
    found = connection.execute(
        select(MESSAGE.c.id, MESSAGE.c.account_id, MESSAGE.c.campaign_id, MESSAGE.c.e164, MESSAGE.c.submitted_at)
        .where(MESSAGE.c.e164.in_({reply.e164 for _, reply in replies}), or_(MESSAGE.c.state.not_in(left), again))
        .order_by(MESSAGE.c.submitted_at.desc(), MESSAGE.c.id.desc())
    )
    for row in found:
        written[row.e164].append(row)
    stored = []
    wishes: dict[tuple[int, int], tuple[Wish, Mo, int]] = {}
    accounts: set[int] = set()
    for key, reply in sorted(replies, key=lambda one: one[1].at):
        wish = wish_of(reply.text)
        before = [row for row in written[reply.e164] if row.submitted_at <= max(reply.at, now)]
        answered = next((row for row in before if row.submitted_at <= reply.at), before[0] if before else None)
        stored.append(
            {
                "inbox_key": key,
                "account_id": answered.account_id if answered else None,
                "campaign_id": answered.campaign_id if answered else None,
                "message_id": answered.id if answered else None,
                "e164": reply.e164,
                "recipient": reply.to[:16],
                "text": reply.text.replace("\x00", ""),
                "is_stop": wish is Wish.STOP,
                "at": reply.at,
            }
        )
        if answered:
            accounts.add(answered.account_id)
        if wish:
            heard = [row for row in before if row.submitted_at >= reply.at - HEARD_BY]
            accounts.update(row.account_id for row in heard)
            # The latest first: of several campaigns of an account it is the last that is answered.
            wishes |= {(row.account_id, row.e164): (wish, reply, row.campaign_id) for row in reversed(heard)}
    if any(wish is Wish.STOP for wish, *_ in wishes.values()):
        wait_for_claims(connection, {account for account, _ in wishes})
    connection.execute(insert(REPLY), stored)
    for kept in stored:
        if kept["account_id"] is not None:
            _note(connection, kept)
    for account, number in sorted(wishes):
        wish, asked, campaign = wishes[account, number]
        if wish is Wish.STOP:
            stop_writing(connection, account, number, asked.at, "", campaign)  # its words are in the reply
        else:
            _write_again(connection, account, number, asked.at)
    return accounts


def wait_for_claims(connection: Connection, accounts: Iterable[int]) -> None:
    """Lock the campaigns of these accounts that may be sending: a claim under way commits before us, the next one sees
    what we write. To be called before messages or credits are locked (the order of ``outbox.py``)."""
    connection.execute(
        select(CAMPAIGN.c.id)
        .where(CAMPAIGN.c.account_id.in_(sorted(accounts)), CAMPAIGN.c.state.not_in(OVER))
        .order_by(CAMPAIGN.c.id)
        .with_for_update(key_share=True)
    ).all()


def stop_writing(
    connection: Connection, account_id: int, e164: int, at: datetime, reason: str, campaign_id: int | None = None
) -> bool:
    """Blacklist a number that asked for it itself. Returns whether it was not there yet.

    ``reason`` says how, when no reply does; ``campaign_id``: the campaign that it answers, if it is one of this
    account. One that is there already keeps what was said of it.
    """
    write = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
    written = connection.execute(
        write(SUPPRESSION)
        .values(
            account_id=account_id,
            e164=e164,
            reason=tidy_reason(reason),
            origin="stop",
            source_id=campaign_id,
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["account_id", "e164"])
    )
    return bool(written.rowcount)


def _note(connection: Connection, reply: Mapping[str, Any]) -> None:
    """The conversation moves to the top and is open again; a STOP is dealt with already. A late reply changes less."""
    wish = wish_of(reply["text"])
    write = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
    values = {
        "account_id": reply["account_id"],
        "e164": reply["e164"],
        "last_at": reply["at"],
        "last_text": beginning(reply["text"]),
        "last_ours": False,
        "unread": 0 if wish is Wish.STOP else 1,
        "replies": 1,
        "stopped": wish is Wish.STOP,
    }
    said = write(CONVERSATION).values(values)
    new, old = said.excluded, CONVERSATION.c
    later = new.last_at >= old.last_at
    connection.execute(
        said.on_conflict_do_update(
            index_elements=["account_id", "e164"],
            set_={
                **{name: case((later, new[name]), else_=old[name]) for name in ("last_at", "last_text", "last_ours")},
                "unread": old.unread + new.unread,
                "replies": old.replies + 1,
                "stopped": case((later, new.stopped), else_=old.stopped) if wish else old.stopped,
                "done_at": old.done_at if wish is Wish.STOP else None,
            },
        )
    )


def beginning(text: str) -> str:
    """What the list shows of a text: one line, 160 characters at most."""
    return " ".join(text[:400].split())[:160]


def _write_again(connection: Connection, account_id: int, e164: int, at: datetime) -> None:
    """Lift what an earlier STOP had blacklisted, unless the account itself never wants to write to the number."""
    connection.execute(
        delete(SUPPRESSION).where(
            SUPPRESSION.c.account_id == account_id,
            SUPPRESSION.c.e164 == e164,
            SUPPRESSION.c.origin == "stop",
            SUPPRESSION.c.kept.is_(False),
            SUPPRESSION.c.created_at <= at,
        )
    )
