"""The outbox: one row per message, its history, the reports and replies that come back, and the live figures.

The rows are the queue and the cursor: nothing that matters is kept in memory. Numbers are integers (E.164), costs whole
units, instants UTC.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, Table, Text, text
from sqlmodel import Field, SQLModel

from smsapp.campaigns.tables import Campaign
from smsapp.contacts.tables import Suppression
from smsapp.db.columns import BigId, UtcDateTime
from smsapp.domain.delivery import State


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


class CampaignRun(SQLModel, table=True):
    """What was written to the outbox for a campaign, once: the count that no later state may change (L10)."""

    __tablename__ = "campaign_run"

    campaign_id: int = Field(
        foreign_key="campaign.id", primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    messages: int = 0
    units: int = Field(default=0, sa_type=BigInteger)
    duplicates: int = 0
    blacklisted: int = 0
    uncovered: int = 0
    unreadable: int = 0
    pause_reason: str = Field(default="", max_length=32)  # "", asked, no_credit, rejects, quote_changed
    refusals_seen: bool = False  # the author resumed it in spite of the refusals
    materialised_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Message(SQLModel, table=True):
    """One SMS to one number of one campaign (S53), with its exact price, frozen when the campaign starts."""

    __table_args__ = (
        Index("uq_message_recipient", "campaign_id", "e164", unique=True),
        Index("uq_message_client_ref", "client_ref", unique=True),
        _partial("ix_message_queued", "campaign_id", "not_before", "id", where="state = 'queued'"),
        _partial("ix_message_submitting", "campaign_id", "lease_until", where="state = 'submitting'"),
        _partial("ix_message_unknown", "not_before", where="state = 'unknown'"),
        _partial("ix_message_gateway_id", "gateway_message_id", where="gateway_message_id IS NOT NULL"),
        Index("ix_message_campaign_rank", "campaign_id", "rank"),
        Index("ix_message_number", "e164", "id"),
        {"postgresql_with": {"fillfactor": 75}},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    account_id: int = Field(sa_type=BigId)
    campaign_id: int = Field(foreign_key="campaign.id", sa_type=BigId)
    contact_id: int | None = Field(default=None, sa_type=BigId)  # no foreign key: a contact may go, its SMS stays
    rank: int
    e164: int = Field(sa_type=BigInteger)
    territory: str = Field(max_length=3)
    nom: str = Field(default="", max_length=200)  # as they were, for the screen
    prenom: str = Field(default="", max_length=200)
    body: str = Field(sa_type=Text)
    encoding: str = Field(max_length=8)
    segments: int = Field(sa_type=SmallInteger)
    unit_price: int = Field(sa_type=BigInteger)  # of one segment
    cost: int = Field(sa_type=BigInteger)  # segments x unit_price
    promo: int = Field(default=0, sa_type=BigInteger)  # how much of the cost is held from given credits
    tariff_version: str = Field(max_length=40)
    state: str = Field(default=State.QUEUED, max_length=16)
    attempt: int = Field(default=0, sa_type=SmallInteger)
    not_before: datetime = Field(sa_type=UtcDateTime)  # queued: not to be sent earlier; unknown: when to ask again
    asked: int = Field(default=0, sa_type=SmallInteger)  # how often the gateway was asked about an unknown outcome
    missing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)  # first time it said "not found"
    lease_token: str | None = Field(default=None, max_length=32)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    client_ref: str = Field(max_length=48)  # <installation>-<campaign>-<rank>: what the gateway knows it by
    gateway: str | None = Field(default=None, max_length=32)
    gateway_message_id: str | None = Field(default=None, max_length=128)  # opaque: leading zeros and case matter
    operator: str | None = Field(default=None, max_length=16)  # MCC-MNC that reported
    cause: str | None = Field(default=None, max_length=32)  # of a failure; of a queued message, what it waits for
    created_at: datetime = Field(sa_type=UtcDateTime)
    first_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # last attempt
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # proof that it was taken: the debit
    state_at: datetime = Field(sa_type=UtcDateTime)


class MessageEvent(SQLModel, table=True):
    """Something that happened to a message. Rows are only added; the screen's timeline reads them in order."""

    __tablename__ = "message_event"
    __table_args__ = (Index("ix_message_event_of", "message_id", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    message_id: int = Field(sa_type=BigId)
    at: datetime = Field(sa_type=UtcDateTime)  # when it happened
    recorded_at: datetime = Field(sa_type=UtcDateTime)  # when we learnt it
    state: str = Field(max_length=16)
    why: str = Field(max_length=24)  # claim, answer, report, lease, asked, deadline, stop, cancel, resend...
    attempt: int = Field(default=0, sa_type=SmallInteger)
    cause: str | None = Field(default=None, max_length=32)
    operator: str | None = Field(default=None, max_length=16)
    user_id: int | None = Field(default=None, sa_type=BigId)  # who did it, when a person did


class GatewayRate(SQLModel, table=True):
    """How fast all processes together may hand segments to a gateway, and when it rests; a row for the whole gateway
    (``sender`` empty), and one for each sender that has a rate of its own there.
    """

    __tablename__ = "gateway_rate"

    gateway: str = Field(primary_key=True, max_length=32)
    sender: str = Field(default="", primary_key=True, max_length=16)
    segments_per_s: float | None = None  # NULL: what the gateway itself can take (`Caps.max_tps`)
    free_at: datetime = Field(sa_type=UtcDateTime)  # what was handed over is paid off then
    rests_until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # it was down, or asked for a pause


class CampaignCounter(SQLModel, table=True):
    """How many messages of a campaign stand where. Moved with each change of state, in the same transaction."""

    __tablename__ = "campaign_counter"

    campaign_id: int = Field(
        foreign_key="campaign.id", primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False}
    )
    state: str = Field(primary_key=True, max_length=16)
    cause: str = Field(default="", primary_key=True, max_length=32)  # "" for none
    territory: str = Field(primary_key=True, max_length=3)
    count: int = 0
    units: int = Field(default=0, sa_type=BigInteger)


class ReportInbox(SQLModel, table=True):
    """What a gateway told us, kept before it is understood. The key makes a repetition harmless."""

    __tablename__ = "report_inbox"
    __table_args__ = (_partial("ix_report_inbox_waiting", "try_at", where="processed_at IS NULL"),)

    key: str = Field(primary_key=True, max_length=200)  # <gateway>:<event id>
    gateway: str = Field(max_length=32)
    kind: str = Field(max_length=8)  # dlr, mo
    received_at: datetime = Field(sa_type=UtcDateTime)
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    try_at: datetime = Field(sa_type=UtcDateTime)  # a report may come before the answer that it belongs to
    processed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str = Field(default="", max_length=16)  # applied, reply, unmatched, orphan


class Reply(SQLModel, table=True):
    """An SMS written back (S44), under the account, campaign and message that it answers."""

    __table_args__ = (
        Index("ix_reply_of_account", "account_id", "at", "id"),
        Index("ix_reply_of_number", "account_id", "e164", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    inbox_key: str = Field(foreign_key="report_inbox.key", max_length=200, index=True)
    account_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BigId)  # NULL: nobody wrote to it
    campaign_id: int | None = Field(default=None, foreign_key="campaign.id", sa_type=BigId, index=True)
    message_id: int | None = Field(default=None, sa_type=BigId)
    e164: int = Field(sa_type=BigInteger)
    recipient: str = Field(default="", max_length=16)  # the number or short code that it was written to
    text: str = Field(sa_type=Text)
    is_stop: bool = False
    at: datetime = Field(sa_type=UtcDateTime)


class SendingHalt(SQLModel, table=True):
    """The ledger is in doubt: while a row stands here no process claims anything."""

    __tablename__ = "sending_halt"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    since: datetime = Field(sa_type=UtcDateTime)
    violations: int
    rules: str = Field(max_length=64)  # L1 to L10, the ones that do not hold


class Conversation(SQLModel, table=True):
    """What an account and a number say to each other, as the list of replies shows it. Moved with each reply."""

    __table_args__ = (Index("ix_conversation_of_account", "account_id", "last_at", "e164"),)

    account_id: int = Field(foreign_key="account.id", primary_key=True, sa_type=BigId)
    e164: int = Field(primary_key=True, sa_type=BigInteger)
    last_at: datetime = Field(sa_type=UtcDateTime)
    last_text: str = Field(default="", max_length=160)  # how the last one begins
    last_ours: bool = False  # it is an answer of the account
    unread: int = 0  # replies nobody has looked at; a STOP is done with when it arrives
    replies: int = 0
    stopped: bool = False  # the last wish was STOP
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # dealt with; a new reply opens it again


class OptOutLink(SQLModel, table=True):
    """The secret end of the opt-out link that an account's messages to a number carry (M6): always the same one."""

    __tablename__ = "opt_out_link"
    __table_args__ = (
        Index("uq_opt_out_link_of", "account_id", "e164", unique=True),
        _partial("ix_opt_out_link_used", "account_id", "used_at", where="used_at IS NOT NULL"),
        _partial("ix_opt_out_link_campaign", "campaign_id", where="campaign_id IS NOT NULL"),
    )

    token: str = Field(primary_key=True, max_length=16)
    account_id: int = Field(foreign_key="account.id", sa_type=BigId)
    e164: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The latest one that had written to the number when the link was used. No foreign key: the link outlives it.
    campaign_id: int | None = Field(default=None, sa_type=BigId)


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


CAMPAIGN = _table(Campaign)
SUPPRESSION = _table(Suppression)
RUN = _table(CampaignRun)
MESSAGE = _table(Message)
EVENT = _table(MessageEvent)
RATE = _table(GatewayRate)
COUNTER = _table(CampaignCounter)
INBOX = _table(ReportInbox)
REPLY = _table(Reply)
HALT = _table(SendingHalt)
CONVERSATION = _table(Conversation)
OPT_OUT = _table(OptOutLink)
