"""What a visitor of the simulator waits for, in Chromium on the production build: `uv run python -m tests.bench.simulator_page`.

Milliseconds from a key to the new figures of the text, which the browser counts, and to the new price, which the server
quotes; each key must bring the price that the service gives. Seconds from the choice of a file of 100 000 rows to its
price, which must be that of the rows. Prints `name ours peer ratio goal PASS|FAIL`, the peer being the limit; exits 1
on a FAIL.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from smsapp.domain.tariff import default_tariff
from smsapp.i18n import formats
from smsapp.simulator.address import to_query
from smsapp.simulator.service import Simulation, simulate, simulate_file
from tests.bench.phones import clean
from tests.programs import need
from tests.server import Server, start_server

KEYS = 100
KEY_MS = 100
ROWS = 100_000
FILE_S = 3.0
TEXT = "Bonjour, -20% sur tout le magasin ce samedi. " + "a" * 115  # 160 characters: one more takes a second segment
NAMES = ("Inès", "Marie", "Jean-François", "Chloé", "Zoë", "Paul", "")

PRESS = """
(selector) => new Promise((done) => {
  const shown = () => document.querySelector(selector).textContent;
  const before = shown();
  addEventListener("keydown", () => {
    const started = performance.now();
    const watch = new MutationObserver(() => {
      if (shown() !== before) { watch.disconnect(); done([performance.now() - started, shown()]); }
    });
    watch.observe(document.body, { subtree: true, childList: true, characterData: true });
  }, { once: true, capture: true });
})
"""


def line(name: str, ours: float, limit: float) -> bool:
    """Print a figure beside its limit."""
    good = ours <= limit
    print(f"{name} {ours:.2f} {limit:g} {ours / limit:.2f} <={limit:g} {'PASS' if good else 'FAIL'}", flush=True)
    return good


def pressed(page: Page, selector: str, key: str) -> tuple[float, str]:
    """Press a key in the text; milliseconds until what stands at `selector` changes, and what stands there then."""
    page.evaluate(f"(selector) => {{ window.answer = ({PRESS})(selector); }}", selector)
    page.keyboard.press(key)
    taken, shown = page.evaluate("window.answer")
    return float(taken), str(shown)


def keys(page: Page, server: Server) -> tuple[list[float], list[float]]:
    """Times of keys until the figures of the text, and until the price."""
    rows = (("FR", 5_000), ("GB", 400), ("MQ", 120))
    page.goto(f"{server.url}/simulator?{to_query(Simulation(rows, TEXT))}")
    credits = {
        text: formats.credits("fr", simulate(Simulation(rows, text), default_tariff(), "36111").units)
        for text in (TEXT, TEXT + "x")
    }
    expect(page.locator("#credits")).to_have_text(credits[TEXT])
    box = page.get_by_role("textbox", name="Message", exact=True)
    box.click()
    box.press("Control+End")
    live, priced = [], []
    for selector, times in ((".sms-under .num", live), ("#credits", priced)):
        for i in range(KEYS):
            taken, shown = pressed(page, selector, "Backspace" if i % 2 else "x")
            times.append(taken)
            if selector == "#credits":
                assert shown == credits[TEXT if i % 2 else TEXT + "x"]
    return sorted(live), sorted(priced)


def file_seconds(page: Page, server: Server, book: Path) -> float:
    """From the choice of the file to its price on the page."""
    text = "Bonjour $prenom, -20% sur tout le magasin ce samedi."
    again = book.with_suffix(".again")
    again.write_bytes(book.read_bytes())
    price, found = simulate_file(again, Simulation(text=text), default_tariff(), "36111")
    assert found.kept + found.duplicates == ROWS
    page.goto(f"{server.url}/simulator?{to_query(Simulation((('FR', 3),), text))}")
    expect(page.locator("#credits")).to_have_text("3")
    begun = time.monotonic()
    page.locator("input[type=file]").set_input_files(book)
    expect(page.locator("#credits")).to_have_text(formats.credits("fr", price.units), timeout=60_000)
    return time.monotonic() - begun


def main() -> int:
    draw = random.Random(4)
    with tempfile.TemporaryDirectory() as folder, start_server(Path(folder)) as server, sync_playwright() as playwright:
        book = Path(folder) / "carnet.csv"
        rows = [f"{draw.choice(NAMES)};{number}" for number in clean(ROWS)]
        book.write_text("prenom;portable\n" + "\n".join(rows) + "\n", "utf-8")
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(locale="fr-FR").new_page()
        live, priced = keys(page, server)
        good = [
            line("key-to-figures-p50-ms", live[len(live) // 2], KEY_MS),
            line("key-to-figures-p95-ms", live[int(len(live) * 0.95)], KEY_MS),
            line("key-to-price-p50-ms", priced[len(priced) // 2], KEY_MS),
            line("key-to-price-p95-ms", priced[int(len(priced) * 0.95)], KEY_MS),
            line("file-100000-rows-s", min(file_seconds(page, server, book) for _ in range(3)), FILE_S),
        ]
        browser.close()
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
