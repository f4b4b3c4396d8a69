"""What the gateways over HTTP share: one client that keeps its connections, and the reading of what went wrong.

Hundreds of requests are at a provider at once. A message travels by POST, which the client never repeats by itself: a
GET on a connection that the provider has just closed would be sent twice. What matters when a request fails is whether
the provider may have read it: `NotSent` says that it cannot have, `Lost` that it may.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

import aiohttp
import structlog

from smsapp.domain.delivery import Cause
from smsapp.gateways.checks import impossible
from smsapp.gateways.contract import BadSignature, Caps, Event, Health, Hook, Outcome, Result, Submit

log = structlog.get_logger(__name__)

CONNECTIONS = 500  # to one provider, at most
CONNECT_S = 5.0
READ_S = 12.0  # without a byte of the answer; less than the engine waits for a call
LARGEST = 256 * 1024  # of an answer, in bytes
REFUSES_US_S = 60.0  # to retry after, when credentials or credit are refused: every other message would be, too


class NotSent(Exception):
    """The connection was never made: nothing of the request left this machine."""


class Lost(Exception):
    """No answer, or half of one: the provider may have read the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``retry_after`` in seconds, when the provider asks for patience."""

    status: int
    body: bytes
    retry_after: float | None = None

    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def fields(self) -> Mapping[str, Any]:
        """The body as a JSON object; an empty one when it is something else."""
        found = self.json()
        return found if isinstance(found, dict) else {}


class Client:
    """Requests to one provider over connections that are kept alive."""

    def __init__(self, *, connect_s: float = CONNECT_S, read_s: float = READ_S) -> None:
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s, sock_read=read_s)
        self._session: aiohttp.ClientSession | None = None

    async def request(self, method: str, url: str, **how: Any) -> Answer:
        """One request, sent at most once when ``method`` is POST. Redirects are not followed.

        Raises:
            NotSent, Lost: there is no answer.
        """
        try:
            async with self._open().request(method, url, allow_redirects=False, **how) as response:
                body = await _read(response)
                return Answer(response.status, body, _seconds(response.headers.get("retry-after", "")))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Lost(type(error).__name__) from None

    async def close(self) -> None:
        """Let go of the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise Lost("too large")
    return bytes(body)


def _seconds(header: str) -> float | None:
    return min(float(header), 3600.0) if header.strip().isdecimal() else None


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a provider calls us back: ``<base>/hooks/<gateway>/<token>``.

    The token is all that proves who calls, unless the provider also signs.
    """

    base: str
    gateway: str
    token: str

    def url(self, **query: str) -> str:
        """The address to give to the provider; a % in a value is left as it is."""
        asked = urlencode(query, safe="%")
        return f"{self.base.rstrip('/')}/hooks/{self.gateway}/{self.token}" + (f"?{asked}" if asked else "")

    def verify(self, hook: Hook) -> None:
        """Raises BadSignature when a callback does not carry our token."""
        given = urlsplit(hook.url).path.rpartition("/")[2]
        if not hmac.compare_digest(given.encode(errors="replace"), self.token.encode()):
            raise BadSignature


class HttpGateway:
    """A gateway over HTTP: batches as requests side by side, failures as outcomes, events by callback only."""

    kind: ClassVar[str]

    def __init__(self, name: str, caps: Caps, callback: Callback, client: Client | None = None) -> None:
        self.name, self.caps = name, caps
        self._callback = callback
        self._client = client or Client()
        self._closed = False

    async def submit(self, batch: Sequence[Submit]) -> list[Result]:
        """Hand over messages, side by side; one result for each, in order."""
        return list(await asyncio.gather(*map(self._carry, batch)))

    async def _carry(self, message: Submit) -> Result:
        if self._closed:
            return Result(message.key, Outcome.RETRY, retry_after=1.0)
        if cause := impossible(message):
            return Result(message.key, Outcome.REJECTED, cause=cause)
        try:
            return await self._send(message)
        except NotSent:
            return Result(message.key, Outcome.RETRY, cause=Cause.GATEWAY)
        except Lost:
            return Result(message.key, Outcome.UNKNOWN)
        except Exception as error:
            log.error("a gateway broke", gateway=self.name, error=type(error).__name__)
            return Result(message.key, Outcome.UNKNOWN)

    async def _send(self, message: Submit) -> Result:
        """Hand over one message. May raise NotSent and Lost."""
        raise NotImplementedError

    async def events(self) -> AsyncGenerator[Sequence[Event], None]:
        """Nothing is pushed: everything comes by callback."""
        return
        yield

    async def balance(self) -> Decimal | None:
        """What is left on our account; None when the provider cannot be asked, or does not answer."""
        try:
            return await self._balance()
        except (NotSent, Lost):
            return None

    async def _balance(self) -> Decimal | None:
        return None

    async def find(self, key: str) -> Result | None:
        """Unknown, unless a subclass can ask."""
        return None

    async def check(self) -> Health:
        """Whether the provider answers and knows us."""
        try:
            return await self._probe()
        except (NotSent, Lost):
            return Health.UNREACHABLE

    async def _probe(self) -> Health:
        """Ask something that sends nothing. May raise NotSent and Lost."""
        raise NotImplementedError

    async def close(self) -> None:
        """Take nothing more, let go of the connections."""
        self._closed = True
        await self._client.close()


def refuses_us(key: str, cause: Cause = Cause.GATEWAY) -> Result:
    """The answer to credentials or credit refused: not taken, and no other message would be."""
    return Result(key, Outcome.RETRY, retry_after=REFUSES_US_S, cause=cause)
