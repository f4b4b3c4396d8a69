"""Who a campaign is for: numbers typed or pasted, contacts and groups, as rows that a quote can price (S28-S31, S33).

A smart group is whoever answers its filter; from the moment its author agrees to the price, a campaign keeps those who
did then (`freeze`).

Everything is read in a handful of statements whatever the size; nothing here decides who is removed, which is the
quote's work (M12).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import BigInteger, FromClause, Integer, delete, select
from sqlmodel import Session, col

from smsapp.campaigns.tables import FrozenGroup
from smsapp.contacts.merging import standing
from smsapp.contacts.smart_groups import members_of
from smsapp.contacts.tables import Contact, Group, GroupMember, Suppression
from smsapp.db.rows import pack, rows
from smsapp.domain.phone import Caution, read_column, split_numbers
from smsapp.domain.quote import RECIPIENTS, empty_recipients
from smsapp.domain.template import OWN, VARIABLES

_MATCHES: Final[dict[str, Any]] = {name: kind for name, kind in RECIPIENTS.items() if name not in ("source", "rank")}
_UNREADABLE: Final = ("entry", "reason", "suggestion", "missing_digits")


@dataclass(frozen=True)
class Audience:
    """``recipients`` has the columns of RECIPIENTS, and one for each field of the account's own that was asked for:
    typed numbers first, then contacts, then groups.

    ``unreadable`` has one row for each typed text that is no number: entry, reason, suggestion (E.164 or null) and
    missing_digits. ``ambiguous`` (entry, e164, suggestion) lists the accepted ones that another country reads as well
    (M13).
    """

    recipients: pl.DataFrame
    unreadable: pl.DataFrame
    ambiguous: pl.DataFrame


def entries(typed: str) -> list[str]:
    """The numbers of ``typed`` as they were written, one by one (S29)."""
    return split_numbers(typed)


def resolve(
    session: Session,
    account_id: int,
    typed: str,
    contact_ids: Sequence[int],
    group_ids: Sequence[int],
    region: str,
    frozen: Mapping[int, Sequence[int]] | None = None,
    own: Sequence[str] = (),
) -> Audience:
    """Gather the recipients of an account; contacts and groups of others, or deleted, are passed over.

    A typed number that stands in the address book takes the fields of its fullest contact. ``region`` is how numbers
    without a country code are read. ``frozen``: the contacts that smart groups had when the price was agreed to.
    ``own``: keys of the account's own fields that the text uses.
    """
    texts = entries(typed)
    read = read_column(pl.Series("entry", texts, dtype=pl.String()), region).with_columns(
        entry=pl.Series(texts, dtype=pl.String())
    )
    frames = [
        _typed(session, account_id, read.filter(pl.col("e164").is_not_null()), own),
        _contacts(session, account_id, contact_ids, own),
        _groups(session, account_id, group_ids, frozen or {}, own),
    ]
    recipients = pl.concat([frame for frame in frames if frame.height] or [_nobody(own)])
    return Audience(
        recipients=recipients.with_columns(rank=pl.int_range(pl.len(), dtype=pl.Int64)).select(
            *RECIPIENTS, *(OWN + key for key in own)
        ),
        unreadable=read.filter(pl.col("e164").is_null()).select(*_UNREADABLE),
        ambiguous=read.filter(pl.col("warning") == Caution.AMBIGUOUS.value).select("entry", "e164", "suggestion"),
    )


def blacklisted(session: Session, account_id: int) -> pl.Series:
    """Every number that the account never writes to (S74)."""
    found = session.execute(select(col(Suppression.e164)).where(col(Suppression.account_id) == account_id))
    return pl.Series("e164", [e164 for (e164,) in found], dtype=pl.Int64())


_FIELDS: Final[tuple[Any, ...]] = (
    col(Contact.e164),
    col(Contact.territory),
    col(Contact.id).label("contact_id"),
    col(Contact.nom),
    col(Contact.prenom),
    col(Contact.email),
    col(Contact.societe),
)


def _fields(own: Iterable[str]) -> list[Any]:
    """What is read of a contact."""
    return [*_FIELDS, *(col(Contact.extra)[key].as_string().label(OWN + key) for key in own)]


def _matches(own: Iterable[str]) -> dict[str, Any]:
    """The columns of ``_fields``."""
    return {**_MATCHES, **{OWN + key: pl.String() for key in own}}


def _nobody(own: Iterable[str]) -> pl.DataFrame:
    return empty_recipients(own).drop("rank")


def _typed(session: Session, account_id: int, read: pl.DataFrame, own: Sequence[str]) -> pl.DataFrame:
    """Typed numbers, with the fields of the contact that carries each, if there is one."""
    if not read.height:
        return _nobody(own)
    numbers = read["e164"].unique().to_list()
    sought, given = _sent(session, numbers)
    found = session.execute(
        select(*_fields(own))
        .join(sought, sought.c.value == col(Contact.e164))
        .where(col(Contact.account_id) == account_id, col(Contact.deleted_at).is_(None)),
        given,
    ).all()
    names = (*VARIABLES, *(OWN + key for key in own))
    filled = pl.sum_horizontal([(pl.col(name).fill_null("") != "").cast(pl.Int8) for name in names])
    known = (
        _frame(found, _matches(own))
        .sort(filled, "contact_id", descending=[True, False])
        .unique("e164", keep="first", maintain_order=True)
    )
    return (
        read.select("e164", "territory")
        .join(known.drop("territory"), on="e164", how="left", maintain_order="left")
        .with_columns(source=pl.lit("typed"))
        .select(_nobody(own).columns)
    )


def _contacts(session: Session, account_id: int, contact_ids: Sequence[int], own: Sequence[str]) -> pl.DataFrame:
    """Contacts chosen one by one, in the order of choice; for one that was merged away, the one that stays (S75)."""
    if not contact_ids:
        return _nobody(own)
    led = standing(session, contact_ids)
    if led:
        contact_ids = list(dict.fromkeys(led.get(id, id) for id in contact_ids))
    chosen, given = _sent(session, contact_ids)
    found = session.execute(
        select(*_fields(own))
        .join(chosen, chosen.c.value == col(Contact.id))
        .where(col(Contact.account_id) == account_id, col(Contact.deleted_at).is_(None))
        .order_by(chosen.c.place),
        given,
    ).all()
    return _frame(found, _matches(own)).with_columns(source=pl.lit("contact")).select(_nobody(own).columns)


def _groups(
    session: Session,
    account_id: int,
    group_ids: Sequence[int],
    frozen: Mapping[int, Sequence[int]],
    own: Sequence[str],
) -> pl.DataFrame:
    """The members of groups, group after group in the order of choice, oldest contact first."""
    if not group_ids:
        return _nobody(own)
    chosen, given = _sent(session, group_ids)
    found = session.execute(
        select(*_fields(own), col(GroupMember.group_id))
        .join(GroupMember, col(GroupMember.contact_id) == col(Contact.id))
        .join(chosen, chosen.c.value == col(GroupMember.group_id))
        .where(col(Contact.account_id) == account_id, col(Contact.deleted_at).is_(None))
        .order_by(chosen.c.place, col(Contact.id)),
        given,
    ).all()
    listed = _frame(found, {**_matches(own), "group_id": pl.Int64()})
    asked = select(col(Group.id), col(Group.filter)).where(
        col(Group.account_id) == account_id, col(Group.id).in_(group_ids), col(Group.filter).is_not(None)
    )
    smart = [
        _contacts(session, account_id, frozen[id] if id in frozen else members_of(session, account_id, kept or {}), own)
        .drop("source")
        .with_columns(group_id=pl.lit(id, dtype=pl.Int64))
        for id, kept in session.execute(asked)
        if id is not None
    ]
    members = pl.concat([listed, *(frame.select(listed.columns) for frame in smart)])
    if smart:
        places = pl.DataFrame({"group_id": group_ids}, schema={"group_id": pl.Int64()}).with_row_index("place")
        members = members.join(places, on="group_id").sort("place", maintain_order=True).drop("place")
    return members.with_columns(source=pl.format("group:{}", "group_id")).select(_nobody(own).columns)


def smart_members(
    session: Session, account_id: int, group_ids: Sequence[int], people: Audience
) -> dict[int, list[int]]:
    """Of each smart group among ``group_ids``, the contacts that ``people`` were gathered from: to be frozen."""
    asked = select(col(Group.id)).where(
        col(Group.account_id) == account_id, col(Group.id).in_(group_ids), col(Group.filter).is_not(None)
    )
    return {
        id: people.recipients.filter(pl.col("source") == f"group:{id}")["contact_id"].drop_nulls().to_list()
        for id in session.execute(asked).scalars()
        if id is not None
    }


def freeze(session: Session, campaign_id: int, members: Mapping[int, Sequence[int]]) -> None:
    """Keep the members of a campaign's smart groups, in place of what was kept before (S69)."""
    session.execute(delete(FrozenGroup).where(col(FrozenGroup.campaign_id) == campaign_id))
    for group_id, ids in members.items():
        session.add(FrozenGroup(campaign_id=campaign_id, group_id=group_id, contact_ids=json.dumps(list(ids))))
    session.flush()


def frozen_members(session: Session, campaign_id: int) -> dict[int, list[int]]:
    """What ``freeze`` kept."""
    asked = select(col(FrozenGroup.group_id), col(FrozenGroup.contact_ids)).where(
        col(FrozenGroup.campaign_id) == campaign_id
    )
    return {group_id: json.loads(ids) for group_id, ids in session.execute(asked)}


def _sent(session: Session, values: Sequence[int]) -> tuple[FromClause, dict[str, str]]:
    """Numbers as a table (value, place) within a statement, and the parameter that brings them."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    table = rows(sqlite, (("value", BigInteger()), ("place", Integer())))
    return table, {"rows": pack(sqlite, ((value, place) for place, value in enumerate(values)))}


def _frame(found: Sequence[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """Rows of a statement as columns; much faster than row by row."""
    columns = zip(*found, strict=True) if found else [() for _ in schema]
    return pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
