"""Every page in both languages, wide and narrow, light and dark: nothing in the console, nothing that axe-core minds."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from smsapp.db import connect
from smsapp.sending.tables import MESSAGE
from smsapp.smsapp import PAGES
from tests.e2e.conftest import House
from tests.e2e.visitor import NARROW, SOON, WIDE, Visitor
from tests.server import Server

FILE = "Nom;Prénom;Portable;Ville\nMoreau;Inès;0639983001;Lyon\nGarnier;Bastien;06 39 98 30 02;Nantes\nRoy;Anaïs;12;Brest\n"
HREFS = "links => links.map(link => link.getAttribute('href')?.replace(/\\/$/, ''))"
TITLES = {spec.route: spec.title_key for spec in PAGES}


def visited(who: Visitor, house: House, message: int) -> Iterator[str]:
    """The addresses of a signed-in person with something to see."""
    yield from ("/dashboard", "/compose", f"/compose?draft={house.draft}", "/sent")
    yield from (f"/sent/{house.campaign}{more}" for more in ("", "?status=error", f"?open={message}"))
    yield from ("/contacts", f"/contacts?group={house.group}", "/contacts?q=zzzz", "/import")
    who.go("/import")
    who.ready()
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True).and_(who.page.locator("input"))
    file = {"name": "clients.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    chooser.set_input_files(files=[file])  # type: ignore[list-item]
    who.at(r"/import/?\?file=[^&]+")
    received = who.page.url.rpartition("file=")[2]
    yield from (f"/import?file={received}", f"/import?file={received}&step=check")
    who.page.get_by_role("main").get_by_role("button", name=re.compile("^(Importer|Import) ")).click()
    who.at(r"/import/?\?done=\d+")
    yield who.page.url.removeprefix(who.url)
    yield from ("/demo", *(route for route in TITLES if _plain(route) and route not in SHOWN | PUBLIC))


PUBLIC = {spec.route for spec in PAGES if not spec.signed_in and spec.route != "404"}
SHOWN = {"/dashboard", "/compose", "/sent", "/contacts", "/import", "/demo"}
EMPTY = ("/dashboard", "/replies", "/sent", "/sent/999999", "/contacts", "/compose?draft=999999", "/import?done=999999")


def _plain(route: str) -> bool:
    return "[" not in route and route != "404"


def settled(who: Visitor, path: str, *, public: bool = False) -> None:
    """The page is drawn, with what the server knows."""
    expect(who.page.get_by_role("heading", level=1)).to_have_text(re.compile(r"\S"), timeout=SOON)
    if not public:
        who.ready()
    expect(who.page.locator(".skel")).to_have_count(0)
    expect(who.page.locator("html")).to_have_attribute("lang", who.lang)
    route = re.sub(r"/\d+$", "/[campaign_id]", path.partition("?")[0])
    expect(who.page).to_have_title(who.t(TITLES[route]))


def judged(who: Visitor, path: str, *, public: bool = False) -> None:
    """Light, then dark, as the machine of the person asks."""
    who.page.emulate_media(color_scheme="light")
    who.go(path)
    settled(who, path, public=public)
    for mode in ("light", "dark"):
        who.page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
        expect(who.page.locator("html")).to_have_class(re.compile(rf"\b{mode}\b"))
        who.accessible()
        who.fits()
        who.shoot(f"page{path.partition('?')[0]}-{mode}" if "?" not in path else f"page{path}-{mode}")
    who.silent()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1440", "390"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_page_of_who_is_signed_in(
    lang: str, size: tuple[int, int], visit: Callable[..., Visitor], site: Server, furniture: House
) -> None:
    who = visit(lang, size, session=furniture.full.session)
    db = connect(site.database_url)
    with db.read() as session:
        message = session.connection().scalar(select(MESSAGE.c.id).where(MESSAGE.c.campaign_id == furniture.campaign))
    db.close()
    for path in visited(who, furniture, message or 0):
        judged(who, path)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1440", "390"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_public_page_and_every_empty_one(
    lang: str, size: tuple[int, int], visit: Callable[..., Visitor], furniture: House
) -> None:
    stranger = visit(lang, size)
    for path in sorted(PUBLIC):
        judged(stranger, path, public=True)
    newcomer = visit(lang, size, session=furniture.empty.session)
    for path in EMPTY:
        judged(newcomer, path)


def test_a_phone_reaches_every_place_of_the_wide_menu(visit: Callable[..., Visitor], furniture: House) -> None:
    wide = visit("fr", session=furniture.full.session)
    wide.go("/dashboard")
    wide.ready()
    places = set(wide.page.locator(".side nav a").evaluate_all(HREFS))
    assert len(places) > 10
    narrow = visit("fr", NARROW, session=furniture.full.session)
    found, seen = {"/dashboard"}, set[str]()
    while todo := sorted((found & places) - seen):
        seen.add(todo[0])
        if todo[0] in PUBLIC:
            continue  # a frame of its own
        narrow.go(todo[0])
        narrow.ready()
        narrow.page.get_by_role("button", name=narrow.t("ui.user"), exact=True).filter(visible=True).click()
        expect(narrow.page.get_by_role("dialog", name=narrow.t("ui.user"))).to_be_visible()
        narrow.shoot("menu")
        found |= set(narrow.page.locator("a").filter(visible=True).evaluate_all(HREFS))
    assert places - seen == set()


def test_the_language_changes_without_a_reload(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("fr", session=furniture.full.session)
    who.go(f"/contacts?group={furniture.group}")
    settled(who, "/contacts")
    who.page.evaluate("window.stayed = true")
    for lang, name in (("en", "English"), ("fr", "Français")):
        who.page.get_by_role("button", name=who.t("ui.user"), exact=True).filter(visible=True).click()
        who.page.get_by_role("button", name=name, exact=True).click()
        who.lang = lang
        who.heading(who.t("contacts.title"))
        settled(who, "/contacts")
        assert who.page.evaluate("window.stayed") is True
        who.page.keyboard.press("Escape")
    stranger = visit("fr")
    stranger.go("/")
    stranger.heading(stranger.t("accounts.home_title"))
    stranger.page.get_by_role("button", name="English", exact=True).click()
    stranger.lang = "en"
    stranger.heading(stranger.t("accounts.home_title"))
    stranger.page.reload()  # the choice is kept
    stranger.heading(stranger.t("accounts.home_title"))
    who.silent()
    stranger.silent()


def test_the_theme_is_switched_by_hand_and_kept(visit: Callable[..., Visitor]) -> None:
    who = visit("fr")
    who.go("/login")
    settled(who, "/login", public=True)
    html = who.page.locator("html")
    expect(html).to_have_class(re.compile(r"\blight\b"))
    who.button("ui.theme.toggle").click()
    expect(html).to_have_class(re.compile(r"\bdark\b"))
    who.page.reload()
    expect(html).to_have_class(re.compile(r"\bdark\b"))
    who.silent()


def test_keys_and_the_way_back(visit: Callable[..., Visitor], furniture: House) -> None:
    who = visit("en", session=furniture.full.session)
    who.go("/contacts")
    settled(who, "/contacts")
    who.page.keyboard.press("/")
    search = who.page.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.press_sequentially("Moreau n")  # inside a field it is a letter
    expect(who.page).to_have_url(re.compile(r"/contacts/?\?.*Moreau"))
    search.blur()
    who.page.keyboard.press("n")
    who.heading(who.t("campaigns.title"))
    who.page.go_back()
    who.heading(who.t("contacts.title"))
    expect(search).to_have_value("Moreau n")
    who.page.go_back()
    expect(search).to_have_value("")
    who.page.go_forward()
    expect(search).to_have_value("Moreau n")
    who.silent()


def test_a_wrong_address_says_so_and_leads_back(visit: Callable[..., Visitor], furniture: House) -> None:
    for lang in ("fr", "en"):
        who = visit(lang, session=furniture.full.session)
        who.expected.append(re.compile(r"status of 404"))  # the browser's own line
        answer = who.page.goto(who.url + "/nulle-part")
        assert answer is not None
        assert answer.status == 404
        expect(who.page.locator("html")).to_have_attribute("lang", lang)
        expect(who.page.get_by_role("heading", level=1)).to_have_text(who.t("web.no_page"))
        who.link("web.no_page.home").click()
        who.at("/dashboard")
        who.silent()
