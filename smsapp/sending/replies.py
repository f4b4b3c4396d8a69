"""Replies (S44), and STOP in all its spellings: whoever writes it is never written to again, from this commit on.

Without a custom sender the number that people reply to is shared, so that a reply belongs to the account that wrote to
them last, and a STOP is heard by every account that did so within 90 days (S45, S74).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session

from smsapp.domain.delivery import NEVER_TAKEN, State
from smsapp.gateways.contract import Mo
from smsapp.sending.tables import MESSAGE, REPLY, SUPPRESSION

HEARD_BY = timedelta(days=90)
LONGEST = 4  # words: "stop svp merci beaucoup" is a STOP, a sentence that begins with it is a reply

WORDS = frozenset(
    (
        *("stop", "stopp", "stopsms", "arret", "arrete", "arretez", "arreter"),
        *("desabonner", "desabonne", "desabonnez", "desabonnement", "desinscription", "desinscrire", "desinscrivez"),
        *("unsubscribe", "unsub", "remove", "cancel", "quit", "end"),
        *("baja", "alto", "basta", "cancella", "stornieren", "abmelden"),
    )
)


def is_stop(text: str) -> bool:
    """Whether a reply asks not to be written to any more: `STOP`, `Stop.`, `S T O P`, `ARRÊT svp`, `stop 36111`..."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    words = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    if not words:
        return False
    if all(len(word) == 1 for word in words):
        words = ["".join(words)]
    return len(words) <= LONGEST and (words[0] in WORDS or re.fullmatch(r"stop\d{5}", words[0]) is not None)


def keep_replies(session: Session, replies: Sequence[tuple[str, Mo]], now: datetime) -> set[int]:
    """Store replies (by inbox key) and blacklist those who say STOP. Returns the accounts concerned."""
    if not replies:
        return set()
    connection = session.connection()
    written = defaultdict(list)
    left = [State.QUEUED, *NEVER_TAKEN]
    found = connection.execute(
        select(MESSAGE.c.id, MESSAGE.c.account_id, MESSAGE.c.campaign_id, MESSAGE.c.e164, MESSAGE.c.submitted_at)
        .where(MESSAGE.c.e164.in_({reply.e164 for _, reply in replies}), MESSAGE.c.state.not_in(left))
        .order_by(MESSAGE.c.submitted_at.desc(), MESSAGE.c.id.desc())
    )
    for row in found:
        written[row.e164].append(row)
    stored = []
    stops = {}
    accounts: set[int] = set()
    for key, reply in replies:
        stop = is_stop(reply.text)
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
                "is_stop": stop,
                "at": reply.at,
            }
        )
        if answered:
            accounts.add(answered.account_id)
        if stop:
            for row in before:
                if row.submitted_at >= reply.at - HEARD_BY:
                    accounts.add(row.account_id)
                    stops[row.account_id, row.e164] = reply.at
    connection.execute(insert(REPLY), stored)
    if stops:
        write = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
        connection.execute(
            write(SUPPRESSION).on_conflict_do_nothing(index_elements=["account_id", "e164"]),
            [
                {"account_id": account, "e164": number, "reason": "", "origin": "stop", "created_at": at}
                for (account, number), at in sorted(stops.items())
            ],
        )
    return accounts
