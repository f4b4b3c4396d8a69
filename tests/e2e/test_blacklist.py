"""The blacklist in a browser: a number is blacklisted, not sent to, lifted with a reason; its passport tells all."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from smsapp.contacts.groups import create_group
from smsapp.contacts.service import Sheet, create_contact
from smsapp.db import Database, connect
from smsapp.domain.phone import pretty
from smsapp.sending.tables import MESSAGE
from tests.bench.seed import Seeded, draft_to, seed, send
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server

PEOPLE = {33639982210: "Moreau", 33639983144: "Bernard", 33639980571: "Girard"}
REFUSED = 33639983144


def furnished(db: Database, name: str) -> tuple[Seeded, int]:
    """An account with three contacts in a group, and credits."""
    who = seed(db, name, credit=50)
    ids = [create_contact(db, who.actor, Sheet(f"+{number}", nom=nom)) for number, nom in PEOPLE.items()]
    return who, create_group(db, who.actor, "Clients", ids)


def written_to(db: Database, campaign: int) -> set[int]:
    with db.read() as session:
        return set(session.connection().scalars(select(MESSAGE.c.e164).where(MESSAGE.c.campaign_id == campaign)))


def sent(db: Database, who: Seeded, group: int, recipients: int) -> int:
    """A campaign to the group, sent by the server; its id once all messages are written."""
    campaign = draft_to(db, who, group, "Bonjour, STOP au 36111")
    assert send(db, who, campaign) == recipients
    return campaign


@pytest.mark.parametrize(
    ("lang", "size", "dark"), [("fr", WIDE, False), ("en", NARROW, True)], ids=["1440", "390-dark"]
)
def test_s74_m27_a_number_is_blacklisted_not_sent_to_and_lifted_with_a_reason(
    lang: str, size: tuple[int, int], dark: bool, visit: Callable[..., Visitor], site: Server
) -> None:
    db = connect(site.database_url)
    who_seeded, group = furnished(db, f"refus-{lang}")
    who = visit(lang, size, dark=dark, session=who_seeded.session)
    who.go("/blacklist")
    who.heading(who.t("blacklist.title"))
    who.ready()
    expect(who.page.get_by_text(who.t("blacklist.empty"))).to_be_visible()

    who.main.get_by_role("button", name=who.t("blacklist.add")).first.click()
    dialog = who.page.get_by_role("dialog")
    dialog.get_by_label(who.t("blacklist.numbers"), exact=True).fill("06 39 98 31 44, 12")
    dialog.get_by_label(who.t("blacklist.reason"), exact=True).fill("au comptoir")
    who.button("blacklist.add_go", within=dialog).click()
    expect(dialog.get_by_role("alert")).to_contain_text("12")  # what is no number stays in the field, and is named
    expect(dialog.get_by_label(who.t("blacklist.numbers"), exact=True)).to_have_value("12")
    who.button("blacklist.cancel", within=dialog).click()
    row = who.main.get_by_role("row").filter(has_text=pretty(REFUSED))
    expect(row).to_contain_text("au comptoir")
    who.accessible()
    who.fits()
    who.shoot("blacklist")

    campaign = sent(db, who_seeded, group, 2)
    who.go(f"/sent/{campaign}")
    for number in PEOPLE.keys() - {REFUSED}:
        expect(who.main.get_by_text(pretty(number)).first).to_be_attached(timeout=SOON)
    assert written_to(db, campaign) == PEOPLE.keys() - {REFUSED}

    who.go("/blacklist")
    who.ready()
    passport = row.get_by_role("link", name=who.t("blacklist.passport_of", number=pretty(REFUSED))).get_attribute(
        "href"
    )
    assert passport
    row.get_by_role("checkbox").check()
    who.button("blacklist.lift").click()
    dialog = who.page.get_by_role("dialog")
    who.button("blacklist.lift_go", within=dialog, count=1).click()
    expect(dialog.get_by_text(who.t("blacklist.reason_missing"))).to_be_visible()
    who.shoot("blacklist-lift")
    dialog.get_by_label(who.t("blacklist.lift_reason"), exact=True).fill("accord écrit du 18/06")
    who.button("blacklist.lift_go", within=dialog, count=1).click()
    expect(who.page.get_by_text(who.t("blacklist.empty"))).to_be_visible(timeout=SOON)

    who.go(passport)
    who.heading(who.t("passport.title_of", number=pretty(REFUSED)))
    expect(who.main.get_by_text(who.t("passport.off"))).to_be_visible()
    steps = who.main.locator(".steps").get_by_role("listitem")
    expect(steps).to_have_count(2)
    expect(steps.nth(0)).to_contain_text("accord écrit du 18/06")
    expect(steps.nth(1)).to_contain_text("au comptoir")
    who.accessible()
    who.fits()
    who.shoot("passport")
    proof = who.context.request.get(f"{who.url}{passport}/proof.json").json()
    assert [step["what"] for step in proof["steps"]] == ["added", "lifted"]
    assert re.fullmatch(r"[0-9a-f]{64}", proof["signature"])
    assert json.dumps(proof).count("au comptoir") == 1

    sent(db, who_seeded, group, 3)
    who.silent()
    db.close()
