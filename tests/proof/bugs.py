"""Bugs to plant: the product's own source with one line changed, each of which the simulation must find.

``plant`` changes a module as it is imported, so it is called before anything of the product is. A bug whose line is no
longer in the source raises: it must be written anew beside the code that it breaks.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


@dataclass(frozen=True)
class Bug:
    """``now`` in the place of ``was`` in ``module``."""

    module: str
    was: str
    now: str


OUTBOX, LIFE, MOVES = "smsapp.sending.outbox", "smsapp.sending.lifecycle", "smsapp.sending.moves"
RECEIPTS, WRITING, UNKNOWN = "smsapp.sending.receipts", "smsapp.sending.materialise", "smsapp.sending.unknown"
DELIVERY, MOMENT, RATES = "smsapp.domain.delivery", "smsapp.domain.moment", "smsapp.sending.rates"
REPLIES, POSTING = "smsapp.sending.replies", "smsapp.ledger.posting"

BUGS = {
    "a time-out is sent again": Bug(
        OUTBOX, 'move.to(State.UNKNOWN, "answer", now)', 'move.to(State.QUEUED, "answer", now)'
    ),
    "an answer needs no lease": Bug(
        OUTBOX,
        "leased = row.state is State.SUBMITTING and row.lease_token == ticket.lease and row.attempt == ticket.attempt",
        "leased = row.state in HELD",
    ),
    "an acceptance reopens what is closed": Bug(
        OUTBOX, "if merge(row.state, State.ACCEPTED) is not row.state:", "if row.state is not State.ACCEPTED:"
    ),
    "a late refusal takes back a proof": Bug(
        OUTBOX, "if row.state in HELD and row.attempt == ticket.attempt:", "if row.attempt == ticket.attempt:"
    ),
    "the blacklist is not asked": Bug(OUTBOX, "                if stopped:\n", "                if False:\n"),
    "the permitted hours are not asked": Bug(OUTBOX, 'campaign.purpose == "marketing"', "False"),
    "a paused campaign is claimed": Bug(
        OUTBOX,
        "running = and_(CAMPAIGN.c.lane == lane, CAMPAIGN.c.state == CampaignState.RUNNING)",
        'running = and_(CAMPAIGN.c.lane == lane, CAMPAIGN.c.state.in_(("running", "paused")))',
    ),
    "the balance is not looked at": Bug(OUTBOX, "if promo + available < row.cost:", "if False:"),
    "attempts are not numbered": Bug(OUTBOX, "after_.attempt += 1", "after_.attempt += row.attempt == 0"),
    "given credits are counted twice": Bug(OUTBOX, "promo -= after_.promo", "promo -= 0"),
    "a dead sender's messages go again": Bug(
        LIFE, 'found.to(State.UNKNOWN, "lease", now)', 'found.to(State.QUEUED, "lease", now)'
    ),
    "unknown is given up at once": Bug(LIFE, "MESSAGE.c.submitted_at < since", "MESSAGE.c.submitted_at < db.now()"),
    "a campaign finishes with messages at the gateway": Bug(
        LIFE, "or_(state_is(State.QUEUED), state_is(State.SUBMITTING))", "state_is(State.QUEUED)"
    ),
    "what comes back to a cancelled campaign stays": Bug(
        LIFE, "CAMPAIGN.c.state == CampaignState.CANCELLED, *_in(lane)", "CAMPAIGN.c.updated_at == db.now(), *_in(lane)"
    ),
    "anything may be sent again by hand": Bug(
        LIFE, "row.state not in (State.UNKNOWN, State.EXPIRED_UNKNOWN)", "row.state is State.QUEUED"
    ),
    "a refusal keeps the credit": Bug(MOVES, "if after.state not in HELD:", "if after.state is State.QUEUED:"),
    "a late proof is charged to nobody": Bug(
        MOVES,
        "elif before.state not in TAKEN and after.state in TAKEN:",
        "elif before.state is State.QUEUED and False:",
    ),
    "counters only grow": Bug(MOVES, "((-1, before), (1, after))", "((1, after),)"),
    "the last report wins": Bug(
        RECEIPTS,
        "if merge(move.after.state, report.state, doubted=row.id in doubted) is not move.after.state:",
        "if move.after.state is not report.state:",
    ),
    "a phone that has the first attempt is not believed": Bug(
        RECEIPTS, "EVENT.c.state == State.UNKNOWN)", "EVENT.c.state == State.FAILED)"
    ),
    "an early report is forgotten": Bug(
        RECEIPTS, 'values(processed_at=None, outcome="unmatched"', 'values(processed_at=now, outcome="unmatched"'
    ),
    "failed stands over delivered": Bug(DELIVERY, "State.FAILED: 6,", "State.FAILED: 8,"),
    "not found is believed at once": Bug(
        UNKNOWN, "row.missing_since and now - row.missing_since >= policy.missing_for", "row.asked >= 0"
    ),
    "the second passage of an hour is meant": Bug(MOMENT, "(local - first)", "(local - second)"),
    "a campaign is fired before its time": Bug(WRITING, "CAMPAIGN.c.send_at <= now)", "CAMPAIGN.c.send_at > now)"),
    "an interrupted writing leaves its counters": Bug(
        WRITING, "    connection.execute(delete(COUNTER).where(COUNTER.c.campaign_id == campaign_id))\n", ""
    ),
    "the rate is not written down": Bug(RATES, "values(free_at=paid)", "values(free_at=self._now)"),
    "STOP is heard by nobody": Bug(REPLIES, "for row in reversed(heard)}", "for row in heard[:0]}"),
    "a payment told twice is confirmed twice": Bug(
        POSTING, "    if known:\n", "    if known:\n        return True\n    if known:\n"
    ),
    "a payment told twice is credited twice": Bug(
        "smsapp.ledger.service", 'key=f"buy:{key}"', 'key="buy:" + key + __import__("secrets").token_hex(4)'
    ),
    "given credits come back as bought ones": Bug(
        MOVES, "pot = Pot(source, row.account_id)", "pot = Pot(source if to_held else Kind.AVAILABLE, row.account_id)"
    ),
    "a late answer and a new turn collide": Bug(OUTBOX, "if one[0].id not in told]", "if one[0].id]"),
    "a message is tried for ever": Bug(OUTBOX, "if now - (row.first_try_at or now) > policy.validity:", "if False:"),
    "the rate counts messages for segments": Bug(OUTBOX, "sum(message.segments for at", "sum(1 for at"),
    "everybody lives in Paris": Bug("smsapp.sending.permitted", "zone_of(e164)", '"Europe/Paris"'),
    "a sender at work is taken for dead": Bug(
        LIFE, "expired = [] if alone else [MESSAGE.c.lease_until < db.now()]", "expired: list[bool] = []"
    ),
    "resuming asks nothing about credit": Bug(LIFE, "if missing > 0:", "if missing > 10**12:"),
    "what is cancelled may be resumed": Bug(
        LIFE,
        "_locked(session, actor, campaign_id, *PAUSED)",
        "_locked(session, actor, campaign_id, *PAUSED, CampaignState.CANCELLED)",
    ),
    "a message not found wakes any campaign": Bug(UNKNOWN, " if row.state == CampaignState.FINISHED}", "}"),
    "a campaign leaves however late it is": Bug(WRITING, "if late > policy.max_late:", "if False:"),
    "another price than the agreed one": Bug(WRITING, "if agreed.quoted_recipients and", "if False and"),
    "an interrupted writing leaves its messages": Bug(
        WRITING, "    connection.execute(delete(MESSAGE).where(MESSAGE.c.campaign_id == campaign_id))\n", ""
    ),
    "START lifts what was blacklisted by hand": Bug(
        REPLIES, 'SUPPRESSION.c.origin == "stop",', 'SUPPRESSION.c.origin != "",'
    ),
    "START lifts a STOP that was also kept by hand": Bug(
        REPLIES, "SUPPRESSION.c.kept.is_(False)", "SUPPRESSION.c.kept.is_not(None)"
    ),
    "STOP is not heard for what was sent again": Bug(
        REPLIES, "or_(MESSAGE.c.state.not_in(left), again)", "MESSAGE.c.state.not_in(left)"
    ),
    "the link of a message stops nothing": Bug(
        "smsapp.sending.opt_out",
        'stop_writing(connection, link.account_id, link.e164, now, f"{PATH}{token}", campaign_id)',
        "None",
    ),
}


class _Planter(SourceFileLoader):
    def __init__(self, bug: Bug, path: str) -> None:
        super().__init__(bug.module, path)
        self._bug = bug

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path).decode()
        if source.count(self._bug.was) != 1:
            raise LookupError(f"{fullname} has {source.count(self._bug.was)} times: {self._bug.was}")
        return compile(source.replace(self._bug.was, self._bug.now), self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, bug: Bug) -> None:
        self._bug = bug

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._bug.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Planter(self._bug, spec.origin)
        return spec


def plant(name: str) -> None:
    """Break the product, in this process."""
    bug = BUGS[name]
    if bug.module in sys.modules:
        raise RuntimeError(f"{bug.module} is imported already")
    sys.meta_path.insert(0, _Finder(bug))
