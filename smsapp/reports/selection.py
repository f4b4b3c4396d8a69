"""Which messages of a campaign « Supprimer contacts » begins with (S41, M34)."""

from sqlalchemy import select

from smsapp.accounts.actor import Actor
from smsapp.db import Database
from smsapp.domain.delivery import CAUSES, Status, states_of
from smsapp.sending.tables import MESSAGE

HOPELESS = tuple(cause.value for cause, info in CAUSES.items() if info.remove)


def failed_for_good(db: Database, actor: Actor, campaign_id: int) -> list[int]:
    """The messages of the actor's campaign whose numbers can never be reached, by id."""
    query = select(MESSAGE.c.id).where(
        MESSAGE.c.account_id == actor.account_id,
        MESSAGE.c.campaign_id == campaign_id,
        MESSAGE.c.state.in_(states_of(Status.ERROR)),
        MESSAGE.c.cause.in_(HOPELESS),
    )
    with db.read() as session:
        return sorted(session.connection().scalars(query))
