"""Unknown outcomes: asking the gateway what it took, where it can be asked.

"Not found" is believed when said twice, ten minutes apart or more: then nothing left, and the message may go again.
A gateway that cannot be asked leaves the question to its reports, and to the deadline of 72 hours.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlmodel import Session

from smsapp.campaigns.tables import CampaignState
from smsapp.db import Database
from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Outcome, Result
from smsapp.sending.lifecycle import reopen
from smsapp.sending.moves import Move, apply, load, state_is
from smsapp.sending.policy import Policy
from smsapp.sending.tables import CAMPAIGN, MESSAGE


def questions(db: Database, lane: str, gateway: str, limit: int = 200) -> dict[int, str]:
    """The messages of ``lane`` to ask ``gateway`` about now: id -> reference."""
    with db.read() as session:
        found = session.connection().execute(
            select(MESSAGE.c.id, MESSAGE.c.client_ref)
            .join(CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id + 0)  # by the index of unknown messages, not theirs
            .where(state_is(State.UNKNOWN), MESSAGE.c.not_before <= db.now())
            .where(MESSAGE.c.gateway == gateway, CAMPAIGN.c.lane == lane)
            .order_by(MESSAGE.c.not_before)
            .limit(limit)
        )
        return {row.id: row.client_ref for row in found}


def take_answers(db: Database, answers: Mapping[int, Result | None], policy: Policy) -> set[int]:
    """Apply what the gateway knows of messages (by id; None: not found). Returns the accounts concerned."""
    if not answers:
        return set()

    def work(session: Session) -> set[int]:
        now = db.now()
        moves = []
        again = set()
        ids = list(answers)
        campaigns = _locked(session, ids)
        for row in load(session.connection(), MESSAGE.c.id.in_(ids)):
            if row.state is not State.UNKNOWN:
                continue
            move = Move.of(row)
            result = answers[row.id]
            if result is not None and result.outcome is Outcome.ACCEPTED:
                move.to(State.ACCEPTED, "asked", now).after.gateway_message_id = result.gateway_id
            elif result is not None and result.outcome is Outcome.REJECTED:
                move.to(State.REJECTED, "asked", now, result.cause or Cause.UNKNOWN)
            elif result is None and row.missing_since and now - row.missing_since >= policy.missing_for:
                if now - (row.first_try_at or now) > policy.validity:
                    move.to(State.EXPIRED, "asked", now, Cause.EXPIRED)
                else:
                    move.to(State.QUEUED, "asked", now).after.not_before = now
                    again.add(row.campaign_id)
            else:
                if result is None:
                    move.after.missing_since = row.missing_since or now
                move.after.asked = row.asked + 1
                move.after.not_before = now + policy.next_question(row.asked + 1)
            moves.append(move)
        reopen(session, again & campaigns, now)
        return apply(session, moves, now)

    return db.retrying(work)


def _locked(session: Session, message_ids: list[int]) -> set[int]:
    """Lock the campaigns of the messages (before the messages, as everywhere); those that are finished."""
    of_messages = select(MESSAGE.c.campaign_id).where(MESSAGE.c.id.in_(message_ids))
    found = session.connection().execute(
        select(CAMPAIGN.c.id, CAMPAIGN.c.state)
        .where(CAMPAIGN.c.id.in_(of_messages))
        .order_by(CAMPAIGN.c.id)
        .with_for_update(key_share=True)
    )
    return {row.id for row in found if row.state == CampaignState.FINISHED}
