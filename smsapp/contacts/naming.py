"""Names that nobody else in an account may have: those of groups and of the account's own fields."""

from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account


def one_at_a_time(session: Session, actor: Actor) -> None:
    """Wait for whoever gives a name in the account at this moment, and be waited for: the second finds it taken.

    SQLite has one writer anyway. Whoever writes contacts, or credits, of the account is not in the way.
    """
    session.execute(select(col(Account.id)).where(Account.id == actor.account_id).with_for_update(key_share=True))
