"""HTTP of the simulator: a file is priced and forgotten, a quote is put on paper, a text is taken to the composer.

All of it for people without an account: nothing is read but what comes with the request, and nothing of it is kept.
"""

import asyncio
import contextlib
import json
import tempfile
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from smsapp.domain.errors import Refusal
from smsapp.domain.opt_out import sample_link
from smsapp.domain.tariff import SmsType, Tariff
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.imports.uploads import FileTooLarge
from smsapp.simulator.address import from_query
from smsapp.simulator.drops import MAX_BYTES, as_json, count_visit, drops, pool, price_file
from smsapp.simulator.pdf import paper
from smsapp.simulator.state import MOST_ROWS, priced, tariff
from smsapp.simulator.territories import codes
from smsapp.web import carried
from smsapp.web.carried import Carried
from smsapp.web.origins import is_ours
from smsapp.web.runtime import runtime

DRAINED = 2 * MAX_BYTES
LARGEST_FORM = 10 * carried.LONGEST  # bytes: percent signs take room


async def drop(request: Request) -> Response:
    """POST /simulator/file?text=...: the file is the body; answers the key under which the page fetches its price."""
    if not _is_ours(request):
        return await _refused(request, Refusal("web.foreign_origin"), 403)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        return await _refused(request, FileTooLarge(), 413)
    try:
        await asyncio.to_thread(count_visit, request.client.host if request.client else "")
        threads = pool()
    except Refusal as refusal:
        return await _refused(request, refusal, 429)
    rt = runtime()
    drops.waiting += 1
    try:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "file"
            await _receive(request, path)
            work = asyncio.get_running_loop().run_in_executor
            prices = await asyncio.to_thread(tariff)
            code, link = rt.settings.stop_short_code, sample_link(rt.settings.opt_out_address)
            found = await work(threads, price_file, path, request.url.query, prices, code, link)
    except Refusal as refusal:
        return await _refused(request, refusal, 413 if isinstance(refusal, FileTooLarge) else 422)
    finally:
        drops.waiting -= 1
    return JSONResponse({"id": drops.put(found)}, headers={"cache-control": "no-store"})


async def _receive(request: Request, path: Path) -> None:
    """Write the body down as it comes. Raises FileTooLarge."""
    size = 0
    with path.open("xb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > MAX_BYTES:
                raise FileTooLarge
            file.write(piece)


async def quote_pdf(request: Request) -> Response:
    """GET /simulator/quote.pdf?fr=5000&text=...: the quote of that simulation, priced anew."""
    language = _language(request)
    try:
        asked = await asyncio.to_thread(from_query, request.url.query)
        price, prices = await asyncio.to_thread(priced, asked)
    except Refusal as refusal:
        return PlainTextResponse(translate(language, refusal.key, **refusal.params), 422)
    rt = runtime()
    sheet = await asyncio.to_thread(paper, language, asked, price, prices, rt.db.now(), _address(request))
    name = translate(language, "simulator.pdf_name")
    headers = {"content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "no-store"}
    return Response(sheet, media_type="application/pdf", headers=headers)


async def create(request: Request) -> Response:
    """POST /simulator/create (text, stop, sender, query): the text waits for its person, who signs in or is already."""
    if not _is_ours(request):
        return await _refused(request, Refusal("web.foreign_origin"), 403)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            return await _refused(request, Refusal("web.too_long", limit=carried.LONGEST), 413)
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
    except ValueError:
        return await _refused(request, Refusal("web.bad_arguments"), 400)
    text = form.get("text", "").replace("\r\n", "\n").replace("\0", "")
    if len(text) > carried.LONGEST:
        return await _refused(request, Refusal("web.too_long", limit=carried.LONGEST), 413)
    rt = runtime()
    signed_in = await rt.people.actor(request.headers.get("cookie", "")) is not None
    answer = RedirectResponse(carried.PAGE if signed_in else "/signup", 303)
    volumes, units = await asyncio.to_thread(_simulated, form.get("query", ""))
    key = rt.luggage.put(Carried(text, form.get("stop") == "1", form.get("sender") == "1", volumes, units))
    answer.set_cookie(
        carried.COOKIE,
        key,
        max_age=carried.LASTS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=rt.settings.secure_cookies,
    )
    return answer


def _simulated(query: str) -> tuple[tuple[tuple[str, int], ...], int]:
    """Who the message was priced for, by an address of the simulator, and the price; nothing for one that has none."""
    try:
        asked = from_query(query)
        price, _ = priced(asked)
    except Refusal:
        return (), 0
    return tuple((place.territory, place.count) for place in price.by_destination[:MOST_ROWS]), price.units


async def price_table(_request: Request) -> Response:
    """GET /pricing/table.json: [territory, calling code, SMS Pro, with a sender, SMS Voix, whether it is a sample]."""
    body = _table(await asyncio.to_thread(tariff))
    return Response(body, media_type="application/json", headers={"cache-control": "public, max-age=300"})


@lru_cache(maxsize=4)
def _encoded(_version: str, rows: tuple[tuple[object, ...], ...]) -> bytes:
    return json.dumps(rows, separators=(",", ":")).encode()


def _table(prices: Tariff) -> bytes:
    rows = []
    for code, calling in json.loads(codes()):
        pro, voice = (prices.price(code, kind) for kind in (SmsType.PRO, SmsType.VOICE))
        if pro is None and voice is None:
            continue
        option = prices.price(code, SmsType.PRO, custom_sender=True)
        sample = any(price is not None and price.sample for price in (pro, option, voice))
        rows.append((code, calling, *(price.units if price else 0 for price in (pro, option, voice)), sample))
    return _encoded(prices.version, tuple(rows))


def _address(request: Request) -> str:
    """The address of the simulation, as it is printed."""
    return f"{runtime().settings.public_url.rstrip('/')}/simulator?{request.url.query}"


def _is_ours(request: Request) -> bool:
    return is_ours(request.headers.get("origin", ""), request.headers.get("host", ""), runtime().settings)


async def _refused(request: Request, refusal: Refusal, status: int) -> Response:
    """The refusal, after the rest of the body: else the browser sees a broken connection instead of a sentence."""
    read = 0
    with contextlib.suppress(ClientDisconnect, RuntimeError):
        async for piece in request.stream():
            read += len(piece)
            if read > DRAINED:
                break
    if request.url.path == "/simulator/create":
        return PlainTextResponse(translate(_language(request), refusal.key, **refusal.params), status)
    return JSONResponse(as_json(refusal), status)


def _language(request: Request) -> str:
    return reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))


ROUTES = [
    Route("/simulator/file", drop, methods=["POST"]),
    Route("/simulator/quote.pdf", quote_pdf, methods=["GET"]),
    Route("/simulator/create", create, methods=["POST"]),
    Route("/pricing/table.json", price_table, methods=["GET"]),
]

PUBLIC_ROUTES: dict[str, str] = {
    "/simulator/file": "prices a file of somebody without an account, and keeps nothing of it",
    "/simulator/quote.pdf": "puts on paper what the address itself says",
    "/simulator/create": "keeps a text for the browser that sent it, until it has signed in",
    "/pricing/table.json": "prices are public, and the same for everybody",
}
"""The routes that answer people who are not signed in, with the reason."""
