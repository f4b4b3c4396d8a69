"""« Renvoyer » in a real browser: a message of unknown outcome goes again because a person says so, and is debited once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from smsapp.db import connect
from smsapp.domain.phone import pretty
from smsapp.reports.campaign import ledger_debit
from smsapp.sending.check import check
from smsapp.sending.tables import EVENT, MESSAGE
from tests.e2e.conftest import DOUBTED, House
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server

PRICE = 10_000  # one segment to France


@pytest.mark.parametrize(
    ("lang", "size", "number"), [("fr", WIDE, DOUBTED[0]), ("en", NARROW, DOUBTED[1])], ids=["1440", "390"]
)
def test_a_message_of_unknown_outcome_is_sent_again_by_hand(
    lang: str, size: tuple[int, int], number: int, visit: Callable[..., Visitor], site: Server, furniture: House
) -> None:
    """Reliability 2.2, S55: from « Issue inconnue » to « Reçu », asked first; the debit to the unit, in page and ledger."""
    db = connect(site.database_url)
    before = ledger_debit(db, furniture.doubting.actor, furniture.doubted)
    who = visit(lang, size, session=furniture.doubting.session)
    who.go(f"/sent/{furniture.doubted}")
    who.ready()
    row = who.main.locator(".rcp tbody tr").filter(has_text=pretty(number))
    expect(row.locator(".stb")).to_have_text(who.t("delivery.status.unknown"))
    balance = who.page.locator(".bal .big").text_content()  # what is on hold is not there to spend
    row.get_by_role("link").first.click()
    story = who.page.get_by_role("complementary", name=who.t("reports.page.story"))
    expect(story.locator(".stb")).to_have_text(who.t("delivery.status.unknown"))
    expect(story).to_contain_text(who.t("reports.page.not_debited"))

    who.button("reports.page.resend", within=story).click()
    question = who.page.get_by_role("alertdialog", name=who.t("reports.page.resend_q"))
    expect(question).to_contain_text(who.t("reports.page.resend_say"))
    who.accessible()
    who.fits()
    who.shoot("resend question")
    who.button("reports.page.resend_keep", within=question).click()
    expect(question).to_have_count(0)
    expect(story.locator(".stb")).to_have_text(who.t("delivery.status.unknown"))

    who.button("reports.page.resend", within=story).click()
    who.button("reports.page.resend", within=question).click()
    expect(who.page.locator(".toast").filter(has_text=who.t("reports.page.resent"))).to_be_visible()
    expect(story.locator(".stb")).to_have_text(who.t("delivery.status.received"), timeout=SOON)
    expect(row.locator(".stb")).to_have_text(who.t("delivery.status.received"), timeout=SOON)
    for step in ("reports.timeline.queued.resend", "reports.timeline.delivered.report"):
        expect(story).to_contain_text(who.t(step))
    expect(story).to_contain_text(who.t("reports.page.debited_units", units=PRICE))
    expect(who.button("reports.page.resend", within=story)).to_have_count(0)
    who.accessible()
    who.shoot("resent")

    after = ledger_debit(db, furniture.doubting.actor, furniture.doubted)
    assert after - before == PRICE
    expect(who.main.locator(".cost-card .big")).to_have_text(who.credits(after), timeout=SOON)
    expect(who.main.locator(".cost-card")).to_contain_text(who.t("ui.credits", count=after / PRICE))
    # The curves are read with less haste than the figures, and are there in the end.
    expect(who.main.locator(".course")).not_to_contain_text(who.t("reports.page.nothing_left_yet"), timeout=SOON)
    assert who.page.locator(".bal .big").text_content() == balance
    with db.read() as session:
        message = session.execute(select(MESSAGE).where(MESSAGE.c.e164 == number)).one()  # type: ignore[call-overload]
        asked = session.execute(
            select(EVENT.c.user_id).where(EVENT.c.message_id == message.id, EVENT.c.why == "resend")
        )  # type: ignore[call-overload]
        assert (message.state, message.attempt) == ("delivered", 2)
        assert asked.scalars().all() == [furniture.doubting.actor.user_id]
    assert check(db) == []
    db.close()
    who.silent()
