"""HTTP of the passport: the signed document, for its account only."""

import asyncio
import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from smsapp.contacts.shown import id_of
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.reports.passport import PassportNotFound, passport, signed
from smsapp.web.http import actor_of_request
from smsapp.web.runtime import runtime


async def proof(request: Request) -> Response:
    """GET /passport/{entry}/proof.json: the chain of what happened to a number, sealed and signed."""
    actor, rt = await actor_of_request(request), runtime()
    try:
        found = await asyncio.to_thread(passport, rt.db, actor, id_of(request.path_params["entry"]) or 0)
    except PassportNotFound as refusal:
        language = reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))
        return PlainTextResponse(translate(language, refusal.key), 404)
    document = signed(found, actor, rt.db.now(), rt.settings.signing_key)
    headers = {
        "content-disposition": f'attachment; filename="passport-{found.entry}.json"',
        "cache-control": "no-store",
    }
    body = json.dumps(document, ensure_ascii=False, indent=2)
    return Response(body, media_type="application/json", headers=headers)


ROUTES = [Route("/passport/{entry}/proof.json", proof, methods=["GET"])]
