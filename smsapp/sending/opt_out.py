"""Opt-out links (M6): a secret token per account and number, put into each message, and what opening it may do.

One person has one link per account, whatever the campaign: it works for as long as the SMS is kept on their phone.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, func, select, union, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.accounts.tables import Account
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.opt_out import ALPHABET, LENGTH, PATH, SAMPLE, is_token
from smsapp.domain.quote import Quote
from smsapp.sending.replies import stop_writing, wait_for_claims
from smsapp.sending.tables import CONVERSATION, MESSAGE, OPT_OUT, REPLY, SUPPRESSION

CHUNK = 4_000

_ACCOUNT = Account.metadata.tables["account"]


class UnknownLink(Refusal):
    """There is no such link: mistyped, cut short, or made up."""

    key = "inbox.opt_out.unknown"


@dataclass(frozen=True)
class Link:
    """Whom a link belongs to: the account that writes, the number that it writes to, whether that has ended."""

    account_id: int
    sender: str
    e164: int
    stopped: bool


def with_links(db: Database, account_id: int, quote: Quote, lines: pl.DataFrame) -> pl.DataFrame:
    """``lines`` with each message's own link in place of the sample, where the mention of its territory is a link."""
    linked = [territory for territory, mention in quote.mentions.items() if mention.endswith(SAMPLE)]
    if not linked:
        return lines
    concerned = lines["territory"].is_in(linked)
    tokens = tokens_of(db, account_id, lines.filter(concerned)["e164"].to_list())
    own = pl.Series("own", [tokens.get(number, "") for number in lines["e164"]], dtype=pl.String())
    return lines.with_columns(
        body=pl.when(concerned).then(pl.col("body").str.head(-LENGTH) + own).otherwise(pl.col("body"))
    )


def tokens_of(db: Database, account_id: int, numbers: Collection[int]) -> dict[int, str]:
    """The tokens of an account for ``numbers``, made where there was none yet."""
    wanted = sorted(set(numbers))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        found |= db.retrying(lambda session, some=some: _tokens(session, db, account_id, some))  # type: ignore[misc]  # bound in the loop
    return found


def look(db: Database, token: str) -> Link:
    """Whom a link belongs to. Changes nothing: programs that open every link they see come here too.

    Raises:
        UnknownLink
    """
    with db.read() as session:
        return _link(session, token)


def opt_out(db: Database, token: str) -> Link:
    """The person pressed the button: no campaign of the account claims a message to this number any more.

    Pressing again changes nothing. Raises UnknownLink.
    """

    def work(session: Session) -> Link:
        link, now = _link(session, token), db.now()
        connection = session.connection()
        wait_for_claims(connection, [link.account_id])
        campaign_id = _answered(connection, link, now)
        stop_writing(connection, link.account_id, link.e164, now, f"{PATH}{token}", campaign_id)
        connection.execute(
            update(OPT_OUT)
            .where(OPT_OUT.c.token == token, OPT_OUT.c.used_at.is_(None))
            .values(used_at=now, campaign_id=campaign_id)
        )
        theirs = (CONVERSATION.c.account_id == link.account_id, CONVERSATION.c.e164 == link.e164)
        connection.execute(update(CONVERSATION).where(*theirs).values(stopped=True))
        return Link(link.account_id, link.sender, link.e164, stopped=True)

    return db.retrying(work)


def stops_of(campaign_id: int) -> Select[int]:
    """The numbers that answered a campaign with STOP, in words or by the link: each person once."""
    wrote = select(REPLY.c.e164).where(REPLY.c.campaign_id == campaign_id, REPLY.c.is_stop)
    return _people(wrote, select(OPT_OUT.c.e164).where(OPT_OUT.c.campaign_id == campaign_id))


def stops_since(account_id: int, since: datetime) -> Select[int]:
    """The numbers that told an account STOP after ``since``, in words or by the link: each person once."""
    wrote = select(REPLY.c.e164).where(REPLY.c.account_id == account_id, REPLY.c.is_stop, REPLY.c.at > since)
    pressed = select(OPT_OUT.c.e164).where(OPT_OUT.c.account_id == account_id, OPT_OUT.c.used_at > since)
    return _people(wrote, pressed)


def _people(wrote: Select[Any], pressed: Select[Any]) -> Select[int]:
    return select(func.count()).select_from(union(wrote, pressed).subquery())


def _answered(connection: Connection, link: Link, now: datetime) -> int | None:
    """The latest campaign of the account that wrote to the number."""
    found: int | None = connection.scalar(
        select(MESSAGE.c.campaign_id)
        .where(MESSAGE.c.account_id == link.account_id, MESSAGE.c.e164 == link.e164, MESSAGE.c.submitted_at <= now)
        .order_by(MESSAGE.c.submitted_at.desc(), MESSAGE.c.id.desc())
        .limit(1)
    )
    return found


def _tokens(session: Session, db: Database, account_id: int, numbers: list[int]) -> dict[int, str]:
    connection = session.connection()
    mine = (OPT_OUT.c.account_id == account_id, OPT_OUT.c.e164.in_(numbers))
    asked = select(OPT_OUT.c.e164, OPT_OUT.c.token).where(*mine)
    found = {row.e164: row.token for row in connection.execute(asked)}
    if len(found) == len(numbers):
        return found
    now = db.now()
    made = [
        {"token": _new_token(), "account_id": account_id, "e164": number, "created_at": now}
        for number in numbers
        if number not in found
    ]
    write = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
    connection.execute(write(OPT_OUT).on_conflict_do_nothing(index_elements=["account_id", "e164"]), made)
    return {row.e164: row.token for row in connection.execute(asked)}


def _new_token() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _link(session: Session, token: str) -> Link:
    if not is_token(token):
        raise UnknownLink
    row = (
        session.connection()
        .execute(
            select(OPT_OUT.c.account_id, OPT_OUT.c.e164, _ACCOUNT.c.name, SUPPRESSION.c.e164.label("stopped"))
            .join(_ACCOUNT, _ACCOUNT.c.id == OPT_OUT.c.account_id)
            .outerjoin(
                SUPPRESSION,
                (SUPPRESSION.c.account_id == OPT_OUT.c.account_id) & (SUPPRESSION.c.e164 == OPT_OUT.c.e164),
            )
            .where(OPT_OUT.c.token == token)
        )
        .first()
    )
    if row is None:
        raise UnknownLink
    return Link(row.account_id, row.name, row.e164, row.stopped is not None)
