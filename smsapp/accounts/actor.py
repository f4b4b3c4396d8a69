"""Who asks: an explicit argument of every service function.

Made only by the web guard, the command line and the demonstration.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A signed-in person acting for an account (the tenant). Every query is scoped to ``account_id``."""

    user_id: int
    account_id: int
    identifiant: str
    email: str
    language: str
    account_name: str
