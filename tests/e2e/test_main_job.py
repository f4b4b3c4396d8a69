"""The main job in a real browser: from sign-up to a finished report, in both languages, wide and narrow (S53-S67)."""

import csv
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from sqlmodel import select

from smsapp.accounts.actor import Actor
from smsapp.campaigns.tables import Campaign
from smsapp.db import connect
from smsapp.domain.encoding import measure
from smsapp.domain.phone import pretty
from smsapp.domain.tariff import SmsType, default_tariff
from smsapp.domain.template import Template, stop_mention
from smsapp.reports.campaign import ledger_debit
from smsapp.sending.check import check
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import ROOT, Server

CLIENTS = ROOT / "tests" / "data" / "clients-5000-semicolon-cp1252.csv"
ROWS = 5_000
GROUP = "Lavande été"
TEXT = "Bonjour $prenom, -20% chez Lavande jusqu'à samedi soir."
FREE = 200_000  # units offered at sign-up

# The last digits fix the fate: 000 refused, 888 barred, 777 full, 444 never a report.
PEOPLE = [
    ("Moreau", "Inès", "0639981000"),
    ("Garnier", "Bastien", "0639981888"),
    ("Roy", "Anaïs", "0639981777"),
    ("Hamon", "Victor", "0639981444"),
    *((f"Colin {i}", first, f"06399821{i:02d}") for i, first in enumerate(("Marc", "Zoë", "Élise", "Timothée"), 10)),
    *((f"Lamy {i}", first, f"06399822{i:02d}") for i, first in enumerate(("Adrien", "Chloé", "Paul", "Marie"), 10)),
]
REFUSED = 1


def figure(words: str | None) -> int:
    """A whole number as the page writes it."""
    return int(re.sub(r"\D", "", words or ""))


def units(words: str | None) -> int:
    """Credits as the page writes them, in units."""
    plain = re.sub(r"[^\d,.]", "", words or "")
    whole, _, rest = plain.replace(",", ".").rpartition(".") if re.search(r"[.,]\d{1,4}$", plain) else (plain, "", "")
    return int(re.sub(r"\D", "", whole)) * 10_000 + int(rest.ljust(4, "0") or 0)


def price() -> int:
    """What the campaign costs, by the domain's own rules, in units."""
    mention = stop_mention("FR", sender_kind="reply", purpose="marketing", short_code="36111")
    template, unit = Template.parse(TEXT), default_tariff().unit_price("FR", SmsType.PRO)
    return sum(measure(template.render({"prenom": first}) + mention).segments for _, first, _ in PEOPLE) * unit


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "lavande.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("Nom", "Prénom", "Portable"), *PEOPLE])
    return path


def import_file(who: Visitor, path: Path, rows: int, group: str) -> dict[str, int]:
    """Through the four steps; what became of the rows."""
    who.go("/import")
    who.ready()
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True)
    begun = time.monotonic()
    chooser.and_(who.page.locator("input")).set_input_files(path)
    on = who.button("imports.do_check", count=rows)
    expect(on).to_be_visible(timeout=SOON)
    header = who.page.get_by_role("columnheader")
    assert header.count() >= 3
    if group:
        who.page.get_by_label(who.t("imports.group"), exact=True).fill(group)
        who.page.get_by_label(who.t("imports.group"), exact=True).blur()
    who.shoot(f"import-columns-{rows}")
    on.click()
    outcomes = who.page.get_by_role("group", name=who.t("imports.outcomes"))
    expect(outcomes).to_be_visible(timeout=SOON)
    names = ("created", "completed", "known", "duplicates", "blacklisted", "rejected")
    figures = [figure(words) for words in outcomes.locator(".big").all_text_contents()]
    counts = dict(zip(names, figures, strict=True))
    assert sum(counts.values()) == rows
    who.shoot(f"import-check-{rows}")
    who.button("imports.do_import", count=counts["created"] + counts["completed"] + counts["known"]).click()
    who.at(r"/import/?\?done=\d+")
    expect(who.page.get_by_text(who.t("imports.done", name=path.name), exact=True)).to_be_visible()
    print(f"{path.name}: {time.monotonic() - begun:.2f} s through the page, its steps looked at on the way")
    who.shoot(f"import-result-{rows}")
    return counts


def compose(who: Visitor) -> Locator:
    """The message to the group, priced."""
    who.link("imports.write_group").click()
    who.heading(who.t("campaigns.title"))
    counted = who.page.locator(".cmp-counts")
    expect(counted).to_contain_text(str(len(PEOPLE)))
    message = who.field("campaigns.message")
    message.click()
    message.press_sequentially("Bonjour ")
    who.button("campaigns.insert", variable="$prenom").click()
    message.press_sequentially(TEXT.removeprefix("Bonjour $prenom"))
    expect(message).to_have_value(TEXT)
    name = who.page.get_by_role("textbox", name=who.t("campaigns.name"), exact=True)
    name.fill("Lavande, J1")
    name.blur()
    cost = who.page.locator(".cost .big")
    expect(cost).to_have_text(re.compile(r"[1-9]"), timeout=SOON)
    return cost


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1440", "390"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_from_sign_up_to_a_finished_report(
    lang: str, size: tuple[int, int], visit: Callable[..., Visitor], site: Server, small: Path
) -> None:
    who = visit(lang, size)
    who.go("/")
    who.heading(who.t("accounts.home_title"))
    who.shoot("home")
    who.main.get_by_role("link", name=who.t("accounts.create_account"), exact=True).first.click()
    who.at("/signup")
    name = f"lavande-{lang}-{size[0]}"
    who.sign_up(name)
    balance = who.page.locator(".bal .big")  # of the sidebar; on a phone it is there and not shown
    expect(balance).to_have_text(who.credits(FREE))
    who.shoot("dashboard-first")

    counts = import_file(who, CLIENTS, ROWS, "")
    assert counts["rejected"]
    assert counts["duplicates"]
    assert import_file(who, small, len(PEOPLE), GROUP)["rejected"] == 0

    cost = compose(who)
    expect(cost).to_have_text(who.credits(price()), timeout=SOON)
    quoted = units(cost.text_content())
    assert quoted == price()
    expect(who.page.get_by_role("img", name=who.t("ui.ruler.sentence", count=1))).to_be_visible()
    expect(who.page.locator(".phone").get_by_text("Bonjour ", exact=False).first).to_be_attached()
    who.shoot("compose")
    who.fits()
    if (lang, size) == ("fr", WIDE):
        who.shoot_for_readme("compose")

    who.button("campaigns.review").click()
    window = who.page.get_by_role("dialog", name=who.t("campaigns.review"))
    expect(window.locator(".cmp-total .big")).to_have_text(who.credits(quoted))
    send = who.button("campaigns.send", within=window, count=len(PEOPLE))
    expect(send).to_be_disabled()
    consent = window.get_by_label(who.t("campaigns.consent"))
    expect(consent).not_to_be_checked()  # never ticked by us (S59)
    consent.check()
    expect(send).to_be_enabled()
    who.shoot("review")
    send.click()

    who.at(r"/sent/\d+")
    campaign = int(who.page.url.rstrip("/").rpartition("/")[2])
    follow(who, site, campaign, quoted)
    if (lang, size) == ("fr", WIDE):
        who.shoot_for_readme("report")

    who.sign_out()
    who.at("(/login)?")
    who.go("/dashboard")
    who.at("/login")
    who.silent()


def follow(who: Visitor, site: Server, campaign: int, quoted: int) -> None:
    """The report, until nothing leaves any more; then the page, the ledger and the quote agree (S55)."""
    expect(who.page.get_by_role("heading", level=1)).to_contain_text("Lavande, J1", timeout=SOON)
    finished = who.main.get_by_text(who.t("reports.page.state.finished"), exact=True)
    expect(finished.first).to_be_visible(timeout=30_000)
    rows = who.main.locator(".rcp tbody tr")
    expect(rows).to_have_count(len(PEOPLE))
    statuses = rows.locator(".stb")
    received = who.t("delivery.status.received")
    expect(statuses.filter(has_text=received).first).to_be_attached(timeout=SOON)
    expect(statuses.filter(has_text=who.t("delivery.status.error"))).not_to_have_count(REFUSED, timeout=SOON)
    known = {who.t(f"delivery.status.{one}") for one in ("sent", "operator", "received", "error")}
    assert set(statuses.all_inner_texts()) <= known
    for _, _, number in PEOPLE:
        expect(rows.filter(has_text=pretty(33_000_000_000 + int(number)))).to_have_count(1)
    expect(who.main.get_by_text(who.t("delivery.cause.invalid"), exact=True).first).to_be_attached()

    debited = quoted - REFUSED * (quoted // len(PEOPLE))  # what no operator took costs nothing
    expect(who.main.locator(".cost-card .big")).to_have_text(who.credits(debited))
    expect(who.page.locator(".bal .big")).to_have_text(who.credits(FREE - debited))
    db = connect(site.database_url)
    with db.read() as session:
        account = session.exec(select(Campaign.account_id).where(Campaign.id == campaign)).one()
    owner = Actor(0, account, "", "", who.lang, "")
    assert ledger_debit(db, owner, campaign) == debited
    assert check(db) == []
    db.close()
    who.fits()
    who.shoot("report")

    rows.filter(has_text=received).get_by_role("link").first.click()
    story = who.page.get_by_role("complementary", name=who.t("reports.page.story"))
    expect(story.get_by_role("listitem").first).to_be_visible()
    who.shoot("story")
    who.link("reports.page.close", within=story).click()
    expect(story).to_have_count(0)
