"""E-mails: written in the transaction of what caused them, sent afterwards. Without a mail server they are only kept,
and their account reads them under /demo.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import aiosmtplib
from sqlalchemy import or_
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Mail
from smsapp.db import Database
from smsapp.settings import Settings

log = logging.getLogger("smsapp.mail")

BATCH = 20
PAUSE = 5.0  # seconds between two looks at the box
ATTEMPTS = 12  # over about two days
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
PATIENCE = 20.0  # seconds for the mail server


@dataclass(frozen=True)
class Letter:
    """An e-mail as its account reads it under /demo."""

    id: int
    recipient: str
    subject: str
    body: str
    at: datetime


def post(s: Session, account_id: int, recipient: str, subject: str, body: str, at: datetime) -> None:
    """Put an e-mail into the box, inside the caller's transaction: it leaves if and only if that commits."""
    s.add(Mail(account_id=account_id, recipient=recipient, subject=subject, body=body, created_at=at))


def letters(db: Database, actor: Actor, limit: int = 50) -> list[Letter]:
    """The newest e-mails of an account, newest first."""
    with db.read() as s:
        found = s.exec(
            select(Mail).where(Mail.account_id == actor.account_id).order_by(col(Mail.id).desc()).limit(limit)
        ).all()
    return [Letter(m.id or 0, m.recipient, m.subject, m.body, m.created_at) for m in found]


class Postman:
    """Empties the box through the mail server of the settings."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    async def run(self) -> None:
        """Send what waits, again and again, until cancelled."""
        while True:
            with contextlib.suppress(OSError):
                if await self.round():
                    continue
            await asyncio.sleep(PAUSE)

    async def round(self) -> int:
        """Send one batch and answer how many left. A letter may leave twice if we crash in between, under one id."""
        waiting = await asyncio.to_thread(self._waiting)
        left = 0
        for mail in waiting:
            try:
                await self._send(mail)
            except (aiosmtplib.SMTPException, OSError) as problem:
                log.warning("e-mail %s not sent: %s", mail.id, type(problem).__name__)
                await asyncio.to_thread(self._mark, mail, False)
            else:
                left += 1
                await asyncio.to_thread(self._mark, mail, True)
        return left

    def _waiting(self) -> list[Mail]:
        now = self._db.now()
        with self._db.read() as s:
            return list(
                s.exec(
                    select(Mail)
                    .where(
                        col(Mail.sent_at).is_(None),
                        Mail.attempts < ATTEMPTS,
                        or_(col(Mail.next_try_at).is_(None), col(Mail.next_try_at) <= now),
                    )
                    .order_by(col(Mail.id))
                    .limit(BATCH)
                ).all()
            )

    def _mark(self, mail: Mail, sent: bool) -> None:
        now = self._db.now()
        with self._db.write() as s:
            row = s.get(Mail, mail.id)
            if row is None or row.sent_at is not None:
                return
            row.attempts += 1
            if sent:
                row.sent_at = now
            else:
                row.next_try_at = now + min(FIRST_WAIT * 2 ** (row.attempts - 1), LONGEST_WAIT)
            s.add(row)

    async def _send(self, mail: Mail) -> None:
        given = self._settings
        message = EmailMessage()
        message["From"] = given.mail_from
        message["To"] = mail.recipient
        message["Subject"] = mail.subject
        message["Message-ID"] = f"<mail-{mail.id}@{given.mail_from.rpartition('@')[2]}>"
        message["Date"] = mail.created_at
        message.set_content(mail.body)
        await aiosmtplib.send(
            message,
            hostname=given.smtp_host,
            port=given.smtp_port,
            username=given.smtp_user or None,
            password=given.smtp_password.get_secret_value() or None,
            use_tls=given.smtp_security == "tls",
            start_tls=given.smtp_security == "starttls",
            timeout=PATIENCE,
        )
