"""What goes wrong is said in the reader's language, and nothing that was typed is lost; the log keeps no secret."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from smsapp.imports.uploads import MAX_BYTES
from tests.e2e.conftest import SPEED, House, furnish
from tests.e2e.visitor import PASSWORD, SOON, Visitor
from tests.server import Server, start_server

NUMBER = "06 39 98 44 01"
OTHER = "06 39 98 44 02"
HUGE = MAX_BYTES + 1
LONG = 100_000
JUNK = 10_000
TEXT = "Bonjour, votre commande est prête."

PASTE = """(field, text) => {
  const data = new DataTransfer();
  data.setData("text", text);
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def files(folder: Path) -> dict[Path, tuple[str, dict[str, object]]]:
    """Files that are no list of numbers, each with the sentence that says why."""
    huge, empty, binary = folder / "cent-mo.csv", folder / "vide.csv", folder / "photo.csv"
    broken, wrong = folder / "abime.xlsx", folder / "lettre.pdf"
    with huge.open("wb") as file:
        file.truncate(HUGE)
    empty.write_bytes(b"")
    binary.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    broken.write_bytes(b"PK\x03\x04" + b"\x00\x01\x02" * 500)
    wrong.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nendobj\n" * 20)
    return {
        huge: ("imports.bad.too_big", {"limit": MAX_BYTES >> 20}),
        empty: ("imports.bad.empty", {}),
        binary: ("imports.bad.type", {}),
        broken: ("imports.bad.corrupt", {}),
        wrong: ("imports.bad.type", {}),
    }


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(
    lang: str, visit: Callable[..., Visitor], furniture: House, tmp_path: Path
) -> None:
    who = visit(lang, session=furniture.full.session)
    who.go("/import")
    who.ready()
    who.expected.append(re.compile(r"/import/files"))  # the browser's own line about an answer that refuses
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True).and_(who.page.locator("input"))
    for path, (key, params) in files(tmp_path).items():
        chooser.set_input_files(path)
        expect(who.page.get_by_role("alert")).to_have_text(who.t(key, **params), timeout=SOON)
        expect(who.page.get_by_text("Traceback")).to_have_count(0)
    who.silent()


def test_a_text_of_100_000_characters_is_kept_and_explained(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("fr", session=furniture.full.session)
    text = ("Bonjour à tous. " * (LONG // 16)).strip().ljust(LONG, "x")
    message = begin(who)
    message.fill(text)
    message.blur()
    add(who, NUMBER)
    who.button("campaigns.review").click()
    said = who.page.get_by_role("alert").filter(has_text=who.t("campaigns.blocked"))
    expect(said).to_contain_text(who.t("campaigns.text_too_long", count=LONG, limit=2000), timeout=SOON)
    assert message.input_value() == text
    who.page.reload()
    expect(message).to_have_value(text, timeout=SOON)
    who.silent()


def test_10_000_pasted_pieces_of_junk_are_counted_and_dropped_at_once(
    visit: Callable[..., Visitor], furniture: House
) -> None:
    who = visit("en", session=furniture.full.session)
    message = begin(who)
    message.fill(TEXT)
    message.blur()
    field = who.field("campaigns.recipients")
    field.evaluate(PASTE, "\n".join(f"junk{i:05d}" for i in range(JUNK)))
    unreadable = who.page.locator(".cmp-counts button").filter(has_text=who.t("campaigns.invalid", count=JUNK))
    expect(unreadable).to_contain_text("10,000", timeout=SOON)
    unreadable.click()
    window = who.page.get_by_role("dialog", name=who.t("campaigns.out.invalid"))
    who.accessible()
    who.button("campaigns.out.drop", within=window, count=JUNK).click()
    expect(unreadable).to_have_count(0, timeout=SOON)
    expect(message).to_have_value(TEXT)
    add(who, NUMBER)
    expect(who.page.locator(".cost .big")).to_have_text(re.compile("[1-9]"), timeout=SOON)
    who.silent()


def begin(who: Visitor) -> Locator:
    """A blank composer; its message field."""
    who.go("/compose")
    who.heading(who.t("campaigns.title"))
    who.ready()
    return who.field("campaigns.message")


def add(who: Visitor, number: str) -> None:
    """A recipient, typed."""
    field = who.field("campaigns.recipients")
    field.fill(number)
    field.press("Enter")
    expect(field).to_have_value("")


@pytest.fixture
def fragile(site: Server, tmp_path: Path) -> Iterator[tuple[Server, House]]:
    """A server that may be killed."""
    del site  # it has been started, so the build is there
    house = furnish(tmp_path / "data")
    with start_server(tmp_path / "data", built=True, SMSAPP_SIMULATOR_SPEED=SPEED) as running:
        yield running, house


def test_a_server_that_dies_while_somebody_writes_loses_nothing(
    visit: Callable[..., Visitor], fragile: tuple[Server, House]
) -> None:
    server, house = fragile
    who = visit("fr", url=server.url, session=house.full.session)
    who.expected.append(re.compile(r"ERR_CONNECTION_REFUSED|WebSocket connection|websocket error|ERR_EMPTY_RESPONSE"))
    message = begin(who)
    message.fill(TEXT)
    add(who, NUMBER)
    expect(who.page).to_have_url(re.compile(r"draft=\d+"), timeout=SOON)
    saved = who.page.get_by_role("status").filter(has_text=who.t("campaigns.saved", at="").split("{")[0].strip())
    expect(saved).to_be_visible()
    expect(who.page.locator("button.chip")).to_have_count(1, timeout=SOON)

    server.freeze()  # what is added now leaves the browser, and is heard by nobody
    add(who, OTHER)
    expect(who.page.locator(".chip.pending")).to_have_text(OTHER)
    server.kill()
    lost = who.page.get_by_text(who.t("ui.offline"))
    expect(lost).to_be_visible(timeout=30_000)
    message.press("End")
    message.press_sequentially(" À demain.")
    expect(message).to_have_value(TEXT + " À demain.")
    who.shoot("offline")
    server.restart()
    expect(lost).to_have_count(0, timeout=30_000)
    expect(message).to_have_value(TEXT + " À demain.")
    expect(who.page.locator(".cost .big")).to_have_text(re.compile("[1-9]"), timeout=SOON)
    expect(who.page.locator("button.chip")).to_have_count(2, timeout=SOON)
    expect(who.page.locator(".chip.pending")).to_have_count(0, timeout=SOON)
    who.button("campaigns.review").click()  # typed while nobody heard, told since
    window = who.page.get_by_role("dialog", name=who.t("campaigns.review"))
    expect(window).to_contain_text("À demain.", timeout=SOON)
    who.page.keyboard.press("Escape")
    expect(window).to_have_count(0)
    message.press_sequentially(" Lavande")
    message.blur()
    expect(message).to_have_value(TEXT + " À demain. Lavande")
    who.button("campaigns.review").click()
    expect(window).to_contain_text("À demain. Lavande", timeout=SOON)
    window.get_by_label(who.t("campaigns.consent")).check()
    expect(who.button("campaigns.send", within=window, count=2)).to_be_enabled()
    who.page.reload()
    expect(message).to_have_value(TEXT + " À demain. Lavande", timeout=SOON)
    who.button("campaigns.review").click()  # consent is asked for again (S59)
    expect(who.button("campaigns.send", within=window, count=2)).to_be_disabled()
    who.silent()
    assert "Traceback" not in server.log


def test_m23_a_date_typed_while_the_server_is_away_is_kept(
    visit: Callable[..., Visitor], fragile: tuple[Server, House]
) -> None:
    """A whole one is told to the server that comes back; one that cannot be read stays, with the reason."""
    server, house = fragile
    who = visit("fr", url=server.url, session=house.full.session)
    who.expected.append(re.compile(r"ERR_CONNECTION_REFUSED|WebSocket connection|websocket error|ERR_EMPTY_RESPONSE"))
    message = begin(who)
    message.fill(TEXT)
    add(who, NUMBER)
    expect(who.page).to_have_url(re.compile(r"draft=\d+"), timeout=SOON)
    who.button("schedule.later").click()
    date = who.field("schedule.date")
    date.fill("18/06/2031 10:30")
    remarks = who.page.locator(".cmp-departure .cmp-checks li")
    expect(remarks.first).to_be_visible()
    lost = who.page.get_by_text(who.t("ui.offline"))

    def falls(typed: str) -> None:
        server.kill()
        expect(lost).to_be_visible(timeout=30_000)
        date.fill(typed)
        date.blur()
        expect(date).to_have_value(typed)
        server.restart()
        expect(lost).to_have_count(0, timeout=30_000)
        expect(remarks.first.or_(who.page.locator("#send-date-help .bad")).first).to_be_visible(timeout=SOON)
        expect(date).to_have_value(typed, timeout=SOON)

    falls("19/06/2031 11:45")
    who.button("campaigns.review").click()
    window = who.page.get_by_role("dialog", name=who.t("campaigns.review"))
    expect(window).to_contain_text("19/06/2031 11:45", timeout=SOON)
    expect(window.locator(".cmp-total")).to_contain_text(re.compile(r"1\s*crédit(?!s)"))
    who.page.keyboard.press("Escape")
    expect(window).to_have_count(0)

    falls("31/02/2031 10:")
    expect(who.page.locator("#send-date-help")).to_contain_text("31/02/2031 10:", timeout=SOON)
    expect(date).to_have_value("31/02/2031 10:")
    date.fill("20/06/2031 09:15")
    who.button("campaigns.review").click()
    expect(window).to_contain_text("20/06/2031 09:15", timeout=SOON)
    who.silent()
    assert "Traceback" not in server.log


def test_the_network_goes_and_comes_back(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("fr", session=furniture.full.session)
    who.expected.append(re.compile(r"ERR_INTERNET_DISCONNECTED|WebSocket connection|websocket error|/import/files"))
    who.go("/import")
    who.ready()
    who.context.set_offline(True)
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True).and_(who.page.locator("input"))
    file = {"name": "clients.csv", "mimeType": "text/csv", "buffer": b"Portable;Nom\n0639984402;Roy\n0639984403;Lamy\n"}
    chooser.set_input_files(file)  # type: ignore[arg-type]
    expect(who.page.get_by_role("alert")).to_have_text(who.t("imports.connection_lost"))
    who.context.set_offline(False)
    chooser.set_input_files(file)  # type: ignore[arg-type]
    expect(who.button("imports.do_check", count=2)).to_be_visible(timeout=SOON)
    who.silent()


def test_the_log_holds_no_number_cookie_or_password(
    visit: Callable[..., Visitor], site: Server, furniture: House
) -> None:
    who = visit("fr")
    who.sign_up("journal.intime")
    add_to = begin(who)
    add_to.fill("Mon numéro est le 06 39 98 47 11.")
    add(who, "0639984711")
    expect(who.page).to_have_url(re.compile(r"draft=\d+"), timeout=SOON)
    cookies = [str(cookie.get("value")) for cookie in who.context.cookies() if cookie.get("name") != "lang"]
    assert cookies
    who.sign_out()
    who.go("/login")
    who.page.get_by_label(who.t("accounts.name_or_email"), exact=True).fill("journal.intime")
    who.page.get_by_label(who.t("accounts.password"), exact=True).fill("mauvais mot de passe")
    who.button("accounts.sign_in").click()
    expect(who.page.get_by_role("alert")).to_have_text(who.t("accounts.wrong_sign_in"))
    log = site.log
    for secret in (*cookies, furniture.full.session, furniture.empty.session, PASSWORD, "mauvais mot de passe"):
        assert secret not in log
    assert not re.search(r"(?:\+?33|0)[ .]?[1-9](?:[ .]?\d{2}){4}\b", log)
    assert "lavande.example" not in log
    assert "Traceback" not in log
    who.silent()
