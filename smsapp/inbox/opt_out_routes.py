"""HTTP of the opt-out link (M6): GET asks, POST does it. Programs that open every link of an SMS only ever GET.

The token is the whole right to act: nobody signs in, no cookie is read or set. A link that exists works however many
people share an internet address; only links that do not exist are counted, and after a few the answer says to wait.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from smsapp.accounts.limits import Hit, Rule, TooManyTries, network, spend
from smsapp.db import Database
from smsapp.inbox import opt_out_sheet as sheet
from smsapp.sending.opt_out import Link, UnknownLink, look, opt_out
from smsapp.web.origins import is_ours
from smsapp.web.runtime import runtime

MISSES = Rule("opt-out", 20, timedelta(minutes=10))
"""Links that do not exist, from one internet address."""

_HEADERS = {"content-security-policy": sheet.POLICY, "cache-control": "no-store", "x-robots-tag": "noindex"}


async def show(request: Request) -> Response:
    """GET /s/{token}: whose messages, to which number, and the button."""
    return await _answer(request, look, lambda lang, link: sheet.ask(lang, link.sender, link.e164))


async def press(request: Request) -> Response:
    """POST /s/{token}: the account never writes to this number again."""
    if not _same_page(request):
        return HTMLResponse(sheet.foreign(_language(request)), 403, _HEADERS)
    return await _answer(request, opt_out, lambda lang, link: sheet.done(lang, link.sender, link.e164))


async def _answer(request: Request, act: Callable[[Database, str], Link], said: Callable[[str, Link], str]) -> Response:
    rt, lang = runtime(), _language(request)
    try:
        link = await asyncio.to_thread(act, rt.db, request.path_params["token"])
    except UnknownLink:
        visitor = network(request.client.host if request.client else "")
        try:
            await asyncio.to_thread(spend, rt.db, rt.settings.signing_key, [Hit(MISSES, visitor)])
        except TooManyTries as wait:
            return HTMLResponse(sheet.refused(lang, "busy", minutes=wait.params["minutes"]), 429, _HEADERS)
        return HTMLResponse(sheet.refused(lang, "unknown"), 404, _HEADERS)
    if request.method == "POST":
        rt.hub.changed([link.account_id])
    elif link.stopped:
        return HTMLResponse(sheet.done(lang, link.sender, link.e164), headers=_HEADERS)
    return HTMLResponse(said(lang, link), headers=_HEADERS)


def _same_page(request: Request) -> bool:
    """Whether the button is that of our page, at one of our addresses: a usual one, or that of the links."""
    origin, settings = request.headers.get("origin", ""), runtime().settings
    short = settings.opt_out_address.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return is_ours(origin, request.headers.get("host", ""), settings) or urlsplit(origin).netloc == short


def _language(request: Request) -> str:
    return sheet.reader(request.headers.get("accept-language", ""))


ROUTES = [
    Route("/s/{token}", show, methods=["GET"]),
    Route("/s/{token}", press, methods=["POST"]),
]

PUBLIC_ROUTES: dict[str, str] = {
    "/s/{token}": "a recipient of an SMS, who has no account, asks not to be written to; the token is the right to",
}
"""The routes that answer people who are not signed in, with the reason."""
