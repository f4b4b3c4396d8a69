"""A person at a browser: what they read, press and fill, by the words of their language; and all that the console said."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from smsapp.i18n import formats, translate
from tests.server import ROOT

WIDE, NARROW = (1440, 1000), (390, 844)
LOCALES = {"fr": "fr-FR", "en": "en-GB"}
PASSWORD = "trois chevaux bleus galopent"
COOKIE = "smsapp_session"
SOON = 15_000.0  # ms; nothing on a page takes longer, whatever else the machine does
SHOTS = ROOT / "artifacts" / "screenshots"
FOR_README = "README" in os.environ.get("SMSAPP_TEST_SCREENSHOTS", "")
SLUG = re.compile(r"[^a-z0-9]+")

_STILL = """async () => {
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const moving = () => document.getAnimations().filter((one) => one instanceof CSSTransition);
  for (await frames(); moving().length; await frames()) await Promise.allSettled(moving().map((one) => one.finished));
}"""
_AXE = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


@dataclass
class Visitor:
    """One tab in one language at one width."""

    page: Page
    context: BrowserContext
    url: str
    lang: str
    width: int
    said: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    @property
    def narrow(self) -> bool:
        return self.width < 700

    def t(self, key: str, **params: object) -> str:
        """The words of this person's language."""
        return translate(self.lang, key, **params)

    def credits(self, units: int) -> str:
        """Credits as this person reads them."""
        return formats.credits(self.lang, units)

    def go(self, path: str) -> None:
        """Open an address as if typed."""
        self.page.goto(self.url + path)

    def at(self, path: str) -> None:
        """Wait until the address is this one, a regular expression; pages that are folders end with a slash."""
        expect(self.page).to_have_url(re.compile(rf"^{re.escape(self.url)}{path}/?$"), timeout=SOON)

    def button(self, key: str, *, within: Locator | None = None, **params: object) -> Locator:
        return (within or self.page).get_by_role("button", name=self.t(key, **params), exact=True)

    def link(self, key: str, *, within: Locator | None = None, **params: object) -> Locator:
        return (within or self.page).get_by_role("link", name=self.t(key, **params), exact=True)

    def field(self, key: str, **params: object) -> Locator:
        return self.page.get_by_role("textbox", name=self.t(key, **params), exact=True)

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def heading(self, words: str) -> None:
        """Wait until the page with this title is there and knows who looks."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words, timeout=SOON)

    def ready(self) -> None:
        """Wait until the server has told the page who looks: from then on it listens."""
        initials = self.page.get_by_role("button", name=self.t("ui.user"), exact=True).filter(visible=True)
        expect(initials.locator(".av")).to_have_text(re.compile(r"\w"), timeout=SOON)

    def silent(self) -> None:
        """The console said nothing that a page in order would not say."""
        loud = [line for line in self.said if not any(known.search(line) for known in self.expected)]
        assert not loud, "\n".join(loud)

    def fits(self) -> None:
        """Nothing makes the page scroll sideways."""
        seen = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert seen[0] <= seen[1], f"{self.page.url} is {seen[0]} px wide in {seen[1]}"

    def accessible(self) -> None:
        """axe-core finds nothing serious or critical, once colours have stopped changing."""
        self.page.evaluate(_STILL)
        found = Axe().run(self.page, options=_AXE).response["violations"]
        bad = [
            f"{one['id']} ({one['impact']}): "
            + "; ".join(f"{node['target']} {node.get('failureSummary', '')}" for node in one["nodes"][:4])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not bad, f"{self.page.url} {self.lang} {self.width}\n" + "\n".join(bad)

    def shoot(self, name: str) -> None:
        """A picture for the eye, beside the boards."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{SLUG.sub('-', name.lower())}-{self.lang}-{self.width}.png")

    def shoot_for_readme(self, name: str) -> None:
        """The two pictures of the README, when they are asked for (SMSAPP_TEST_SCREENSHOTS=README)."""
        if FOR_README:
            folder: Path = ROOT / "assets" / "screenshots"
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}.png")

    def sign_up(self, name: str) -> None:
        """Open an account through the form."""
        self.go("/signup")
        self.field("accounts.email").fill(f"{name}@lavande.example")
        self.field("accounts.identifiant").fill(name)
        self.page.get_by_label(self.t("accounts.password"), exact=True).fill(PASSWORD)
        self.page.get_by_label(self.t("accounts.password_again"), exact=True).fill(PASSWORD)
        self.button("accounts.sign_up").click()
        self.at("/dashboard")

    def sign_out(self) -> None:
        """Leave by the user menu."""
        self.page.get_by_role("button", name=self.t("ui.user"), exact=True).filter(visible=True).click()
        self.button("ui.sign_out").click()

    def take_session(self, session: str) -> None:
        """Come in with a session that was opened elsewhere."""
        self.context.add_cookies([{"name": COOKIE, "value": session, "url": self.url}])


def visitor(
    browser: Browser, url: str, lang: str, size: tuple[int, int] = WIDE, *, dark: bool = False, session: str = ""
) -> Visitor:
    """A new person at a browser of their own."""
    context = browser.new_context(
        locale=LOCALES[lang],
        timezone_id="Europe/Paris",
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(SOON)
    made = Visitor(context.new_page(), context, url, lang, size[0])

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert") or "EvalError" in message.text:
            made.said.append(f"{message.type} at {made.page.url}: {message.text} {message.location.get('url', '')}")

    made.page.on("console", heard)
    made.page.on("pageerror", lambda error: made.said.append(f"exception at {made.page.url}: {error}"))
    if session:
        made.take_session(session)
    return made
