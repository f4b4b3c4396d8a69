"""Where providers call back: `/hooks/<gateway>/<token>`. Nobody signs in here; the gateway says what is its own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smsapp.gateways.contract import Hook
from smsapp.sending.callbacks import LARGEST
from smsapp.web.runtime import runtime

DRAINED = 1024 * 1024  # how much more of a refused callback is read


async def called_back(request: Request) -> Response:
    """GET or POST /hooks/<gateway>/<token>: reports and replies. Read to a little more than may be kept, no further."""
    rt = runtime()
    body, read = bytearray(), 0
    async for part in request.stream():
        read += len(part)
        if len(body) <= LARGEST:
            body += part[: LARGEST + 1 - len(body)]
        if read > DRAINED:
            break
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    asked = request.scope.get("query_string", b"")
    address = path.partition(b"?")[0] + (b"?" + asked if asked else b"")
    hook = Hook(
        method=request.method,
        url=address.decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query_params),
        body=bytes(body),
        remote=request.client.host if request.client else "",
    )
    gateway = await rt.fleet.get(request.path_params["gateway"]) if rt.fleet is not None else None
    reply = await rt.callbacks.take(gateway, hook)
    return Response(reply.body, reply.status, {"cache-control": "no-store"}, reply.content_type)


ROUTES = [Route("/hooks/{gateway}/{token}", called_back, methods=["GET", "POST"])]

PUBLIC_ROUTES: dict[str, str] = {
    "/hooks/{gateway}/{token}": "a provider reports here; only what carries the gateway's proof is kept",
}
