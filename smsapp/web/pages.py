"""The wrapper around everything that answers HTTP: the reader's language, the Content-Security-Policy, caching.

The pages are static files, built once for all languages and all hosts: where a text belongs they hold a mark such as
⟦contacts.title⟧. For each answer the wrapper fills the marks from the reader's catalogue, sets `<html lang>`, puts the
catalogue into the page, and gives the build's own inline scripts and styles a nonce that is never used again. Hashed
assets
may be kept for ever; the chunk that holds the server's address is rewritten to the host that was asked.

Only the build's own files are ever given a nonce. HTML made by our routes keeps the policy under which no script runs,
or states one of its own.
"""

import base64
import hashlib
import html
import json
import re
import secrets
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import brotli

from smsapp.i18n.catalogue import LANGUAGES, catalogue, reader_language, served

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

_INLINE = re.compile(r"<(script|style)(?=[ >])")
_STYLE_ATTRIBUTE = re.compile(r' style="([^"]*)"')
_MARK = re.compile(r"⟦([^⟧]+)⟧")
_HTML_TAG = re.compile(r'<html(?: lang="[^"]*")?')
_HOST = re.compile(rb"[A-Za-z0-9.-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")
_BUILT_ADDRESS = re.compile(rb"://localhost:\d+")
_LANGUAGE_FILE = re.compile(r"/i18n/([a-z]{2})\.json")
_REFUSED = re.compile(rb"q=0(\.0*)?")
_WEAK = (b"content-length", b"content-encoding", b"etag", b"last-modified", b"cache-control", b"vary")
_CONDITIONAL = (b"accept-encoding", b"range", b"if-none-match", b"if-modified-since")

# What libraries write into <style> elements without a nonce. It changes only with their versions, and the browser
# tests,
# which fail on any message in the console, tell when it does.
_RUNTIME_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # empty: emotion fills it through the CSSOM
    "'sha256-StEaX+se6YS7pqjzrzMIA0KaX9zF/8zAhvQXZAe5epY='",  # sonner (toasts)
)
_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src-elem 'self' 'nonce-{nonce}' " + " ".join(_RUNTIME_STYLES),
        "style-src-attr {attributes}",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_COMMON: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
_HSTS: Header = (b"strict-transport-security", b"max-age=31536000")
_FOREVER: Header = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN: Header = (b"cache-control", b"no-cache")


def pages(app: App, *, https: bool = False) -> App:
    """Wrap the ASGI app that serves pages and routes; `https`: the public address is https, so browsers must keep to
    it.
    """
    common = (*_COMMON, *((_HSTS,) if https else ()))
    localised: dict[tuple[bytes, str], tuple[bytes, bytes]] = {}

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        path, headers = str(scope["path"]), dict(scope["headers"])
        if (file := _LANGUAGE_FILE.fullmatch(path)) and file[1] in LANGUAGES and scope["method"] in ("GET", "HEAD"):
            await _send_catalogue(file[1], scope, send, common)
            return

        async def headed(message: Message) -> None:
            await send(_headed(message, path, common))

        address = path.startswith("/assets/reflex-env-")
        if scope["method"] != "GET" or not (address or b"text/html" in headers.get(b"accept", b"")):
            await app(scope, receive, headed)
            return

        start: Message | None = None
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and (address or _is_built_page(message)):
                start = message
            elif start is None:  # a download opened as a page, or a page of our routes: never held back
                await headed(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        plain = [h for h in scope["headers"] if h[0] not in _CONDITIONAL]
        # Granian's own file sending ("extensions") would pass by the rewriting.
        await app({**scope, "extensions": {}, "headers": plain}, receive, collect)
        if start is None:
            return
        if address:
            done, extra = _readdressed(bytes(body), headers.get(b"host", b"")), [(b"content-security-policy", _POLICY)]
        else:
            done, extra = _personal(bytes(body), _language(headers), localised)
        done, packed = _packed(done, headers)
        extra += packed
        kept = [h for h in start["headers"] if h[0].lower() not in _WEAK]
        extra += [_ASK_AGAIN, *common, (b"content-length", str(len(done)).encode())]
        await send({**start, "headers": [*kept, *extra]})
        await send({"type": "http.response.body", "body": done})

    return wrapped


def _readdressed(body: bytes, host: bytes) -> bytes:
    """The chunk with the server's address, for the host that was asked, if it looks like one."""
    return _BUILT_ADDRESS.sub(b"://" + (host if _HOST.fullmatch(host) else b"localhost"), body)


def _personal(
    body: bytes, lang: str, localised: dict[tuple[bytes, str], tuple[bytes, bytes]]
) -> tuple[bytes, list[Header]]:
    """A page of the build for one answer: in its language (made once), with a nonce of its own."""
    key = (hashlib.sha256(body).digest(), lang)
    if key not in localised:
        page = _localise(body, lang)
        localised[key] = page, _style_attributes(page)
    page, attributes = localised[key]
    nonce = secrets.token_urlsafe(16)
    policy = _PAGE_POLICY.format(nonce=nonce, attributes=attributes.decode()).encode()
    vary = b"Cookie, Accept-Language, Accept-Encoding"
    return page.replace(b'nonce="NONCE"', b'nonce="%s"' % nonce.encode()), [
        (b"content-security-policy", policy),
        (b"vary", vary),
    ]


def _language(headers: dict[bytes, bytes]) -> str:
    return reader_language(
        headers.get(b"cookie", b"").decode("latin-1"), headers.get(b"accept-language", b"").decode("latin-1")
    )


def _is_built_page(start: Message) -> bool:
    """A file of the build: HTML with a date and without a policy, which our routes' answers never are."""
    headers = {name.lower(): value for name, value in start["headers"]}
    return (
        headers.get(b"content-type", b"").startswith(b"text/html")
        and b"last-modified" in headers
        and b"content-security-policy" not in headers
    )


def _localise(page: bytes, lang: str) -> bytes:
    """Fill in marks, language and catalogue; NONCE stands where each answer puts its own."""
    messages = catalogue(lang)
    text = _MARK.sub(lambda m: html.escape(messages.get(m[1], m[1])), page.decode())
    text = _HTML_TAG.sub(f'<html lang="{lang}"', text, count=1)
    data = json.dumps(messages, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    versions = html.escape(json.dumps({code: served(code)[1] for code in LANGUAGES}, separators=(",", ":")))
    block = f'<script nonce="NONCE" type="application/json" id="i18n" data-versions="{versions}">{data}</script></head>'
    # The build's own scripts get their nonces first: what is inside the catalogue is data, whatever it looks like.
    head, rest = _INLINE.sub(r'<\1 nonce="NONCE"', text).split("</head>", 1)
    return (head + block + rest).encode()


def _style_attributes(page: bytes) -> bytes:
    """CSP hashes of the style="" attributes that the build wrote (React itself sets styles without attributes)."""
    found = sorted({html.unescape(a) for a in _STYLE_ATTRIBUTE.findall(page.decode())})
    if not found:
        return b"'none'"
    hashes = (base64.b64encode(hashlib.sha256(a.encode()).digest()).decode() for a in found)
    return ("'unsafe-hashes' " + " ".join(f"'sha256-{h}'" for h in hashes)).encode()


def _headed(message: Message, path: str, common: tuple[Header, ...]) -> Message:
    """Add to an answer that passes through what it does not say itself."""
    if message["type"] != "http.response.start":
        return message
    said = {name.lower() for name, _ in message["headers"]}
    extra: list[Header] = [*common, (b"content-security-policy", _POLICY)]
    if path.startswith("/assets/") and message["status"] in (200, 206, 304):
        extra.append(_FOREVER)
    return {**message, "headers": [*message["headers"], *(h for h in extra if h[0] not in said)]}


async def _send_catalogue(lang: str, scope: Message, send: Send, common: tuple[Header, ...]) -> None:
    """A language that the reader switches to; with its version in the address it never changes."""
    body, version = served(lang)
    headers = dict(scope["headers"])
    fresh = scope.get("query_string", b"") == f"v={version}".encode()
    extra: list[Header] = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"vary", b"Accept-Encoding"),
        (b"content-security-policy", _POLICY),
        _FOREVER if fresh else _ASK_AGAIN,
        *common,
    ]
    body, packed = _packed(body, headers)
    extra += packed
    extra.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": extra})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _packed(body: bytes, headers: dict[bytes, bytes]) -> tuple[bytes, list[Header]]:
    """As small as the reader's browser understands: brotli saves a seventh of a page and its catalogue."""
    offers = (offer.partition(b";") for offer in headers.get(b"accept-encoding", b"").split(b","))
    accepted = {name.strip() for name, _, quality in offers if not _REFUSED.fullmatch(quality.strip())}
    if b"br" in accepted:
        return brotli.compress(body, quality=5), [(b"content-encoding", b"br")]
    if b"gzip" in accepted:
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        return packer.compress(body) + packer.flush(), [(b"content-encoding", b"gzip")]
    return body, []
