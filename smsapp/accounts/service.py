"""What people can do with accounts: open one, come in. Sessions are in ``sessions.py``.

These two have no ``Actor`` to ask for: they make one. Both hash a password, so call them through ``passwords.apart``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from smsapp.accounts import limits, mail, passwords, sessions
from smsapp.accounts.actor import Actor
from smsapp.accounts.limits import Hit, Rule
from smsapp.accounts.tables import Account, User
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.i18n.catalogue import translate
from smsapp.ledger import service as ledger

IDENTIFIANT = re.compile(r"[a-z0-9._-]{3,32}")
LONGEST_EMAIL = 254

# One visitor on one name is stopped early; a name by itself, or a visitor by itself, much later: nobody may lock
# another person out with a handful of requests, and an office shares one address.
_QUARTER = timedelta(minutes=15)
NAME_FROM_HERE = Rule("in.pair", 10, _QUARTER)
NAME = Rule("in.name", 60, _QUARTER)
VISITOR = Rule("in.ip", 100, _QUARTER)
EVERYBODY = Rule("in.all", 3_000, _QUARTER)
NEW_FROM_HERE = Rule("up.ip", 30, timedelta(hours=1))
NEW = Rule("up.all", 1_000, timedelta(hours=1))


class WrongSignIn(Refusal):
    """No such person, or not this password: the same answer, after the same time."""

    key = "accounts.wrong_sign_in"


class FieldRefused(Refusal):
    """What stands in one field of a form will not do."""


class SignUpRefused(Refusal):
    """Nothing was opened; ``problems`` says why, field by field."""

    key = "accounts.form_problems"

    def __init__(self, problems: Mapping[str, Refusal]) -> None:
        super().__init__()
        self.problems = dict(problems)


@dataclass(frozen=True)
class SignUp:
    """The sign-up form as typed."""

    identifiant: str
    email: str
    password: str
    again: str
    language: str = "fr"


def sign_up(
    db: Database, form: SignUp, *, secret: str, visitor: str = "", public_url: str = "", trial: bool = False
) -> Actor:
    """Open an account with its first user and its pots of credits, and write the welcome e-mail (S13).

    ``secret`` keys the counts of tries, ``visitor`` is the address of who asks; ``trial``: give the 20 credits to try
    with at once (demonstration mode; otherwise certifying a mobile gives them, S15).

    Raises:
        SignUpRefused: with a refusal for each field that will not do.
        TooManyTries: too many accounts from this visitor.
    """
    identifiant, email, problems = _read(form)
    if not problems:
        hits = [Hit(NEW_FROM_HERE, limits.network(visitor)), Hit(NEW)]
        limits.spend(db, secret, hits)
        with db.read() as s:
            problems = _taken(s, identifiant, email)
    if problems:
        raise SignUpRefused(problems)
    hashed = passwords.digest(form.password)

    def work(s: Session) -> Actor:
        now = db.now()
        account = Account(name=identifiant, created_at=now)
        s.add(account)
        s.flush()
        assert account.id is not None
        user = User(
            account_id=account.id,
            identifiant=identifiant,
            email=email,
            password_hash=hashed,
            language=form.language,
            created_at=now,
        )
        s.add(user)
        ledger.open_account(s, account.id)
        if trial:
            ledger.grant_signup(s, account.id, now)
        said = {"identifiant": identifiant, "url": public_url}
        subject = translate(form.language, "accounts.welcome.subject", **said)
        body = translate(form.language, "accounts.welcome.body", **said)
        mail.post(s, account.id, email, subject, body, now)
        s.flush()
        return sessions.actor(user, account)

    try:
        return db.retrying(work)
    except IntegrityError:  # taken by somebody else between the question and the answer
        with db.read() as s:
            if problems := _taken(s, identifiant, email):
                raise SignUpRefused(problems) from None
        raise


def sign_in(db: Database, name: str, password: str, *, secret: str, visitor: str = "") -> Actor:
    """Who comes in with an identifiant or an e-mail, in any case of letters, and a password.

    Raises:
        WrongSignIn: whatever does not fit, with nothing that tells which.
        TooManyTries: too many tries on this name or from this visitor.
    """
    name = name.strip().casefold()[:LONGEST_EMAIL]
    here = limits.network(visitor)
    mine = [Hit(NAME_FROM_HERE, f"{name}\0{here}"), Hit(NAME, name), Hit(VISITOR, here)]
    limits.spend(db, secret, [*mine, Hit(EVERYBODY)])
    with db.read() as s:
        column = col(User.email) if "@" in name else col(User.identifiant)
        found = s.exec(select(User, Account).join(Account).where(func.lower(column) == name)).first()
    stored = found[0].password_hash if found else ""
    if len(password) > passwords.LONGEST or not passwords.verify(stored, password) or found is None:
        raise WrongSignIn
    user, account = found
    fresh = passwords.digest(password) if passwords.is_outdated(stored) else stored
    with db.write() as s:
        kept = s.get_one(User, user.id)
        kept.last_login_at = db.now()
        if kept.password_hash == stored:
            kept.password_hash = fresh
        s.add(kept)
    limits.give_back(db, secret, mine)
    return sessions.actor(user, account)


def _read(form: SignUp) -> tuple[str, str, dict[str, Refusal]]:
    """The form's identifiant and e-mail as they will be kept, and what is wrong with its fields by themselves."""
    problems: dict[str, Refusal] = {}
    identifiant = form.identifiant.strip().lower()
    if not IDENTIFIANT.fullmatch(identifiant):
        problems["identifiant"] = FieldRefused("accounts.identifiant_form")
    email = form.email.strip()
    try:
        email = validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError:
        problems["email"] = FieldRefused("accounts.email_form" if email else "accounts.email_missing")
    if len(email) > LONGEST_EMAIL:
        problems["email"] = FieldRefused("accounts.email_form")
    try:
        passwords.check(form.password, identifiant, email)
    except passwords.WeakPassword as weak:
        problems["password"] = weak
    else:
        if form.again != form.password:
            problems["again"] = FieldRefused("accounts.password_differs")
    return identifiant, email, problems


def _taken(s: Session, identifiant: str, email: str) -> dict[str, Refusal]:
    problems: dict[str, Refusal] = {}
    if _is_taken(s, identifiant):
        problems["identifiant"] = FieldRefused(
            "accounts.identifiant_taken", {"identifiant": identifiant, "free": _free(s, identifiant, email)}
        )
    if s.exec(select(User.id).where(func.lower(col(User.email)) == email.lower())).first() is not None:
        problems["email"] = FieldRefused("accounts.email_taken")
    return problems


def _is_taken(s: Session, identifiant: str) -> bool:
    return s.exec(select(User.id).where(func.lower(col(User.identifiant)) == identifiant)).first() is not None


def _free(s: Session, identifiant: str, email: str) -> str:
    """A free identifiant near the wished one: with a word of the e-mail, else with a number."""
    local, _, domain = email.lower().partition("@")
    words = re.findall(r"[a-z0-9]+", f"{local} {domain.rpartition('.')[0]}")
    near = [f"{identifiant}-{word}" for word in words if word not in identifiant]
    near += [f"{identifiant[:28]}-{number}" for number in range(2, 1_000)]
    return next(name for name in near if IDENTIFIANT.fullmatch(name) and not _is_taken(s, name))
