"""How often something may be tried: counts per window of time in the database, so that a restart forgives nothing.

A bucket is a keyed hash of what is counted (an address, a name): the table tells nobody who tried.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from smsapp.accounts.tables import RateLimit
from smsapp.db import Database
from smsapp.domain.errors import Refusal

KEPT = timedelta(days=1)  # counts older than this are swept away


class TooManyTries(Refusal):
    """Wait ``minutes``."""

    key = "accounts.too_many_tries"


@dataclass(frozen=True)
class Rule:
    """At most ``limit`` hits per ``window`` for each value."""

    name: str
    limit: int
    window: timedelta


@dataclass(frozen=True)
class Hit:
    """One thing to count under a rule; an empty value counts everybody together."""

    rule: Rule
    value: str = ""


def spend(db: Database, secret: str, hits: Sequence[Hit]) -> None:
    """Count one try under each rule, refused ones too.

    Raises:
        TooManyTries: a rule is used up; ``minutes`` until its window ends.
    """
    now = int(db.now().timestamp())
    wait = 0
    with db.write() as s:
        for hit in hits:
            length = int(hit.rule.window.total_seconds())
            start = now - now % length
            count = _count(db, s, _bucket(secret, hit), start)
            if count > hit.rule.limit:
                wait = max(wait, start + length - now)
            if count == 1 and not hit.value:
                s.execute(delete(RateLimit).where(col(RateLimit.window) < now - int(KEPT.total_seconds())))
    if wait:
        raise TooManyTries(minutes=-(-wait // 60))


def give_back(db: Database, secret: str, hits: Sequence[Hit]) -> None:
    """Take one try off each count: it turned out to be the right person."""
    now = int(db.now().timestamp())
    with db.write() as s:
        for hit in hits:
            start = now - now % int(hit.rule.window.total_seconds())
            s.execute(
                update(RateLimit)
                .where(
                    col(RateLimit.bucket) == _bucket(secret, hit),
                    col(RateLimit.window) == start,
                    col(RateLimit.hits) > 0,
                )
                .values(hits=col(RateLimit.hits) - 1)
            )


def network(address: str) -> str:
    """What is counted as one visitor: an IPv4 address, or the /64 that one IPv6 line has to itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def _bucket(secret: str, hit: Hit) -> str:
    keyed = hmac.new(secret.encode(), f"{hit.rule.name}\0{hit.value}".encode(), hashlib.sha256)
    return f"{hit.rule.name}:{keyed.hexdigest()[:40]}"


def _count(db: Database, s: Session, bucket: str, start: int) -> int:
    insert = sqlite.insert if db.is_sqlite else postgresql.insert
    row = insert(RateLimit).values(bucket=bucket, window=start, hits=1)
    counted = row.on_conflict_do_update(
        index_elements=["bucket", "window"], set_={"hits": col(RateLimit.hits) + 1}
    ).returning(col(RateLimit.hits))
    return int(s.execute(counted).scalar_one())
