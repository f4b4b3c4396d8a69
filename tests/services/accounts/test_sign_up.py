"""Opening an account (S13): what is created, what is refused and why, field by field."""

from threading import Barrier, Thread

import pytest
from sqlmodel import func, select

from smsapp.accounts import mail
from smsapp.accounts.limits import TooManyTries
from smsapp.accounts.service import NEW_FROM_HERE, SignUp, SignUpRefused, sign_up
from smsapp.accounts.tables import Account, Mail, User
from smsapp.db import Database
from smsapp.domain.credits import UNITS
from smsapp.ledger.service import balance

GOOD = "trois chevaux bleus"
SECRET = "k" * 32


def form(**changes: str) -> SignUp:
    typed = {"identifiant": "atelier", "email": "Gaspard@atelier.fr", "password": GOOD, "again": GOOD}
    return SignUp(**(typed | changes))


def problems(db: Database, **changes: str) -> dict[str, str]:
    with pytest.raises(SignUpRefused) as refused:
        sign_up(db, form(**changes), secret=SECRET)
    with db.read() as s:
        assert (
            s.exec(select(func.count()).select_from(Account)).one()
            == s.exec(select(func.count()).select_from(User)).one()
        )
    return {field: problem.key for field, problem in refused.value.problems.items()}


def test_s13_an_account_its_user_and_the_welcome_letter(db: Database) -> None:
    actor = sign_up(db, form(identifiant=" Atelier "), secret=SECRET, public_url="https://sms.example.org")
    assert (actor.identifiant, actor.email) == ("atelier", "Gaspard@atelier.fr")
    with db.read() as s:
        user = s.exec(select(User)).one()
        letter = s.exec(select(Mail)).one()
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert letter.recipient == "Gaspard@atelier.fr"
    assert "https://sms.example.org/login" in letter.body
    assert GOOD not in letter.body
    assert [one.subject for one in mail.letters(db, actor)] == ["Bienvenue sur smsapp"]


def test_the_twenty_credits_come_at_once_in_demonstration_mode_only(db: Database) -> None:
    assert balance(db, sign_up(db, form(), secret=SECRET, trial=True)).available == 20 * UNITS
    other = sign_up(db, form(identifiant="bureau", email="b@atelier.fr"), secret=SECRET)
    assert balance(db, other).available == 0


def test_each_field_has_its_own_refusal(db: Database) -> None:
    assert problems(db, identifiant="é", email="x@", password="court", again="autre") == {
        "identifiant": "accounts.identifiant_form",
        "email": "accounts.email_form",
        "password": "accounts.password_short",
    }
    assert problems(db, email="") == {"email": "accounts.email_missing"}
    assert problems(db, again="trois chevaux verts") == {"again": "accounts.password_differs"}


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("onze lettre", "accounts.password_short"),
        ("x" * 201, "accounts.password_long"),
        ("maison-lavande", "accounts.password_is_name"),
        ("Camille.Dupont", "accounts.password_is_name"),
        ("CAMILLE.DUPONT@lavande.fr", "accounts.password_is_name"),
        ("aaaaaaaaaaaaaaa", "accounts.password_simple"),
        ("abcdefghijklm", "accounts.password_simple"),
        ("1234567890123", "accounts.password_simple"),
        ("motdepasse2026!", "accounts.password_simple"),
    ],
)
def test_passwords_that_are_easily_guessed(db: Database, password: str, key: str) -> None:
    names = {"identifiant": "maison-lavande", "email": "camille.dupont@lavande.fr"}
    assert problems(db, password=password, again=password, **names) == {"password": key}


@pytest.mark.parametrize("identifiant", ["ab", "a" * 33, "a b", "été", "a@b", "a/b", "a\x00b"])
def test_identifiants_that_will_not_do(db: Database, identifiant: str) -> None:
    assert problems(db, identifiant=identifiant) == {"identifiant": "accounts.identifiant_form"}


def test_names_are_unique_without_regard_to_case_and_a_free_one_is_proposed(db: Database) -> None:
    sign_up(db, form(), secret=SECRET)
    with pytest.raises(SignUpRefused) as refused:
        sign_up(db, form(identifiant="ATELIER", email="GASPARD@ATELIER.FR"), secret=SECRET)
    found = refused.value.problems
    assert found["email"].key == "accounts.email_taken"
    assert found["identifiant"].params == {"identifiant": "atelier", "free": "atelier-gaspard"}


def test_two_people_asking_for_one_name_at_once_get_one_account(db: Database) -> None:
    start, answers = Barrier(2), list[str]()

    def ask(email: str) -> None:
        start.wait()
        try:
            answers.append(sign_up(db, form(email=email), secret=SECRET).email)
        except SignUpRefused as refused:
            answers.append(refused.problems["identifiant"].key)

    both = [Thread(target=ask, args=(email,)) for email in ("one@a.fr", "two@a.fr")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(answers) == 2
    assert answers.count("accounts.identifiant_taken") == 1
    with db.read() as s:
        assert len(s.exec(select(Account)).all()) == 1


def test_a_visitor_opens_so_many_accounts_an_hour(db: Database) -> None:
    with pytest.raises(SignUpRefused):
        sign_up(db, form(email="no"), secret=SECRET, visitor="192.0.2.7")  # a typing error costs nothing
    for number in range(NEW_FROM_HERE.limit):
        wanted = form(identifiant="atelier", email="gaspard@atelier.fr") if number == 0 else form()
        if number == 0:
            sign_up(db, wanted, secret=SECRET, visitor="192.0.2.7")
            continue
        with pytest.raises(SignUpRefused):
            sign_up(db, wanted, secret=SECRET, visitor="192.0.2.7")
    with pytest.raises(TooManyTries):
        sign_up(db, form(identifiant="autre", email="x@y.fr"), secret=SECRET, visitor="192.0.2.7")
    assert sign_up(db, form(identifiant="autre", email="x@y.fr"), secret=SECRET, visitor="192.0.2.8").identifiant
