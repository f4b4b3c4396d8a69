"""What a person waits for on the production build, in Chromium and over the raw websocket.

``uv run python -m tests.bench.pages`` prints ``name ours peer ratio goal PASS|FAIL`` lines and exits 1 on a FAIL. The
peer of each figure is its limit: compressed kilobytes of a first load, milliseconds from a click in a table of 50 000
contacts to the changed page, seconds of an import through the page, the longest silence of a live report that 200
clients watch while its campaign runs. Correctness is asserted with each: the right pages, other rows after each click,
rows read = sum of outcomes, a report that ends with the figures of the database.
"""

import asyncio
import itertools
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from smsapp.db import Database, connect
from smsapp.db.migrate import upgrade
from smsapp.reports.campaign import live
from tests.bench.imports import write_file
from tests.bench.seed import Seeded, draft_to, group_of, seed, send
from tests.e2e.visitor import COOKIE, LOCALES, Visitor, visitor
from tests.programs import need
from tests.server import ROOT, Server, start_server
from tests.web.socket_client import ROOT as STATE
from tests.web.socket_client import Socket

CONTACTS = 50_000
CLICKS = 60
WATCHERS = 200
MESSAGES = 10_000  # 20 s at the 500 segments per second that the simulated network takes
FAST = "40"  # times life
TEXT = "Bonjour $prenom, -20% chez Lavande jusqu'à samedi soir."
CLIENTS = ROOT / "tests" / "data" / "clients-5000-semicolon-cp1252.csv"
ROWS = 5_000
REPORT = f"{STATE}.smsapp___reports___state____report_state"

PLAIN_KB, CHART_KB = 450, 520
CLICK_MS = 50
IMPORT_S = 3.0
LARGE, CHECK_S = 100_000, 5.0
SILENCE_S = 2.0
PATIENCE = 120.0

failed = False


def line(name: str, ours: float, limit: float) -> None:
    """Print a figure beside its limit, and remember a failure."""
    global failed
    good = ours <= limit
    failed |= not good
    print(f"{name} {ours:.2f} {limit:g} {ours / limit:.2f} <={limit:g} {'PASS' if good else 'FAIL'}", flush=True)


def first_load(browser: Browser, server: Server, path: str, session: str) -> float:
    """Compressed kilobytes of everything that a first visit of ``path`` fetches."""
    context = browser.new_context(locale=LOCALES["fr"])
    if session:
        context.add_cookies([{"name": COOKIE, "value": session, "url": server.url}])
    page = context.new_page()
    network = context.new_cdp_session(page)
    received: list[float] = []
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    network.send("Network.enable")
    page.goto(server.url + path)
    expect(page.locator("h1")).to_have_text(re.compile(r"\S"))
    if session:
        expect(page.locator(".who .av")).to_have_text(re.compile(r"\w"))
        assert "/login" not in page.url
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(received) / 1000


MEASURE = """
() => new Promise((done) => {
  const rows = () => document.querySelector("main table tbody")?.textContent ?? "";
  const before = rows();
  const started = performance.now();
  const watch = new MutationObserver(() => {
    const now = rows();
    if (now && now !== before) { watch.disconnect(); done(performance.now() - started); }
  });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
  [...document.querySelectorAll("nav.pager a")].at(-1).click();
})
"""


def clicks(who: Visitor) -> list[float]:
    """Milliseconds from a click on the next page of contacts to its rows, again and again."""
    who.go("/contacts")
    who.ready()
    rows = who.page.locator("main table tbody")
    expect(rows.locator("tr")).to_have_count(50)
    seen = {rows.inner_text()}
    times = []
    for _ in range(CLICKS):
        times.append(float(who.page.evaluate(MEASURE)))
        seen.add(rows.inner_text())
    assert len(seen) == CLICKS + 1, "each click shows other contacts"
    return times


def import_seconds(who: Visitor) -> float:
    """From the choice of the file to its result, each button pressed as soon as it is there."""
    who.go("/import")
    who.ready()
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True).and_(who.page.locator("input"))
    begun = time.monotonic()
    chooser.set_input_files(CLIENTS)
    who.button("imports.do_check", count=ROWS).click()
    outcomes = who.page.get_by_role("group", name=who.t("imports.outcomes")).locator(".big")
    expect(outcomes).to_have_count(6)
    who.page.locator(".desk-foot button").last.click()
    expect(who.page.get_by_text(who.t("imports.done", name=CLIENTS.name), exact=True)).to_be_visible()
    took = time.monotonic() - begun
    results = who.page.locator(".sums .big").all_text_contents()
    assert sum(int(re.sub(r"\D", "", words)) for words in results) == ROWS, "rows read = sum of outcomes"
    return took


def check_seconds(who: Visitor, path: Path, rows: int) -> float:
    """From the choice of a large file to what would become of its rows, the button pressed as soon as it is there; the
    page answers meanwhile.
    """
    who.go("/import")
    who.ready()
    chooser = who.page.get_by_label(who.t("imports.choose"), exact=True).and_(who.page.locator("input"))
    begun = time.monotonic()
    chooser.set_input_files(path)
    who.button("imports.do_check", count=rows).click()
    asked = time.monotonic()
    assert who.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done(1)))") == 1
    assert time.monotonic() - asked < 1, "the page stands still"
    outcomes = who.page.get_by_role("group", name=who.t("imports.outcomes")).locator(".big")
    expect(outcomes).to_have_count(6)
    took = time.monotonic() - begun
    assert sum(int(re.sub(r"\D", "", words)) for words in outcomes.all_text_contents()) == rows
    return took


class Watcher(Socket):
    """A tab on the report; ``moments`` are when its figures moved while the campaign was leaving."""

    def __init__(self, url: str, path: str, cookie: str, moved: asyncio.Event) -> None:
        super().__init__(url, cookie=cookie)
        self._moved = moved
        router = {"pathname": "/sent/[campaign_id]", "asPath": path}
        assert self._auth
        self._auth["event"]["router_data"] = router
        self.now: dict[str, Any] = {}
        self.figures: dict[str, Any] = {}
        self.moments: list[float] = []

    async def _take(self, data: Any) -> None:
        await super()._take(data)
        delta = (self.updates.pop().get("delta") or {}).get(REPORT, {})
        moving = {name.removesuffix("_rx_state_"): value for name, value in delta.items()}
        if figures := moving.get("figures"):
            self.figures = figures
            if not self.now.get("over"):
                self.moments.append(time.monotonic())
        self.now = moving.get("now", self.now)
        if moving:
            self._moved.set()


async def silences(server: Server, db: Database, who: Seeded, campaign: int) -> list[float]:
    """The longest silence that each of the watchers met between opening the report and the last message's departure."""
    cookie = f"{COOKIE}={who.session}"
    moved = asyncio.Event()
    watchers = [Watcher(server.url, f"/sent/{campaign}", cookie, moved) for _ in range(WATCHERS)]
    for start in range(0, WATCHERS, 20):
        await asyncio.gather(*(one.__aenter__() for one in watchers[start : start + 20]))
    opened = time.monotonic()
    assert not live(db, who.actor, campaign).is_over, "the campaign must run while it is watched"
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(_all_right, db, who, campaign, watchers):
            moved.clear()  # a truth that moved on is followed by an update
            await moved.wait()
    for one in watchers:
        await one.__aexit__()
    print(
        f"# watched {max(one.moments[-1] for one in watchers) - opened:.0f} s, {len(watchers[0].moments)} updates each"
    )
    return [_longest([at for at in one.moments if at >= opened]) for one in watchers]


def _longest(moments: list[float]) -> float:
    assert len(moments) > 3, "too few updates to speak of silence"
    return max(after - before for before, after in itertools.pairwise(moments))


def _all_right(db: Database, who: Seeded, campaign: int, watchers: list[Watcher]) -> bool:
    """Whether everything has left and every watcher shows what the database holds."""
    if not all(one.now.get("over") for one in watchers):
        return False
    found = live(db, who.actor, campaign)
    names = ("total", "waiting", "sent", "operator", "received", "error")
    truth = [*(getattr(found.figures, name) for name in names), found.debited]
    return all([*(one.figures[name] for name in names), one.now["debited"]] == truth for one in watchers)


def filled(data: Path) -> tuple[Database, Seeded, int]:
    """A database with a big address book and a campaign that leaves as soon as a server runs."""
    data.mkdir()
    db = connect(f"sqlite:///{data / 'smsapp.db'}")
    upgrade(db)
    who = seed(db, "banc", contacts=CONTACTS, credit=50_000)
    campaign = draft_to(db, who, group_of(db, who, "Tous", MESSAGES), TEXT, name="Banc")
    assert send(db, who, campaign) == MESSAGES
    return db, who, campaign


def browse(server: Server, who: Seeded, campaign: int) -> None:
    """What is measured in Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=["--no-sandbox", "--disable-gpu"])
        plain = ("/compose", "/sent", "/contacts", "/import", "/demo")
        loads = [(path, "", PLAIN_KB) for path in ("/", "/login", "/signup")]
        loads += [(path, who.session, PLAIN_KB) for path in plain]
        loads += [(path, who.session, CHART_KB) for path in ("/dashboard", f"/sent/{campaign}")]
        for path, session, limit in loads:
            line(f"first-load-kB{path}", first_load(browser, server, path, session), limit)
        person = visitor(browser, server.url, "fr", session=who.session)
        times = sorted(clicks(person))
        line("click-to-rows-p50-ms", times[len(times) // 2], CLICK_MS)
        line("click-to-rows-p95-ms", times[int(len(times) * 0.95)], CLICK_MS)
        line("import-5000-rows-s", import_seconds(person), IMPORT_S)
        with tempfile.TemporaryDirectory() as folder:
            large = Path(folder) / "clients-100000.csv"
            write_file(large, LARGE)
            line(f"file-to-check-{LARGE}-rows-s", check_seconds(person, large, LARGE), CHECK_S)
        browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "server"
        db, who, campaign = filled(data)
        with start_server(Path(folder) / "build"):
            pass  # the build is made; the server that is measured starts from it
        with start_server(data, built=True, SMSAPP_SIMULATOR_SPEED=FAST) as server:
            quiet = asyncio.run(silences(server, db, who, campaign))
            line(f"report-silence-{WATCHERS}-watchers-s", max(quiet), SILENCE_S)
        with start_server(data, built=True) as server:
            browse(server, who, campaign)
        db.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
