"""HTTP of the import desk: a file comes in, its rejected rows go out. Both only for who is signed in."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Iterator
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from smsapp.contacts.shown import id_of
from smsapp.contacts.spreadsheet import csv_pieces
from smsapp.domain.errors import Refusal
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.imports.jobs import Jobs
from smsapp.imports.rejections import rejected_rows
from smsapp.imports.tables import Rejection
from smsapp.imports.undo import ImportNotFound
from smsapp.imports.uploads import MAX_BYTES, Uploads
from smsapp.web.guard import NotSignedIn
from smsapp.web.origins import is_ours
from smsapp.web.runtime import Runtime, runtime

DRAINED = 2 * MAX_BYTES
WRITTEN_AT_ONCE = 1 << 20  # bytes: a slow disk keeps a thread waiting, never the pages of everybody else

log = logging.getLogger("smsapp.imports")


class NoRoom(Refusal):
    """The disk is full, or does not answer."""

    key = "imports.no_room"


def uploads() -> Uploads:
    """The folder of received files of this process."""
    return Uploads(runtime().settings.data_dir / "uploads")


def jobs() -> Jobs:
    """The imports that run in this process."""
    found = runtime().imports
    if found is None:
        raise RuntimeError("no import can run: the lifespan has not started")
    return found


def upload_token(rt: Runtime, cookie_header: str) -> str:
    """What a page of ours shows with a file: bound to the session, so that no other page can make it up."""
    session = rt.people.session_id(cookie_header)
    return hmac.new(rt.settings.signing_key.encode(), f"upload:{session}".encode(), hashlib.sha256).hexdigest()


async def receive(request: Request) -> Response:
    """POST /import/files: the file is the body, its name the header ``x-file-name``, ``x-upload-token`` the page's own
    proof; answers its id."""
    rt = runtime()
    if not is_ours(request.headers.get("origin", ""), request.headers.get("host", ""), rt.settings):
        return await _refused(request, Refusal("web.foreign_origin"), 403)
    actor = await rt.people.actor(request.headers.get("cookie", ""))
    if actor is None:
        return await _refused(request, NotSignedIn(), 401)
    shown = request.headers.get("x-upload-token", "")
    if not hmac.compare_digest(shown.encode(), upload_token(rt, request.headers.get("cookie", "")).encode()):
        return await _refused(request, Refusal("imports.bad_token"), 403)
    length = request.headers.get("content-length", "")
    announced = int(length[:18]) if length.isdecimal() and length.isascii() else None
    name = unquote(request.headers.get("x-file-name", ""))[:300]
    try:
        incoming = await asyncio.to_thread(uploads().receive, actor, name, announced)
    except Refusal as refusal:
        return await _refused(request, refusal, 413)
    try:
        waiting = bytearray()  # not a list to sum up: pieces may be of one byte
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= WRITTEN_AT_ONCE:
                await asyncio.to_thread(incoming.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(incoming.write, bytes(waiting))
        upload = await asyncio.to_thread(incoming.done)
    except Refusal as refusal:
        return await _refused(request, refusal, 413)
    except OSError:
        incoming.discard()
        log.exception("a file could not be kept")
        return await _refused(request, NoRoom(), 507)
    except BaseException:  # the line was cut
        incoming.discard()
        raise
    return JSONResponse({"id": upload.id})


async def rejected(request: Request) -> Response:
    """GET /import/{id}/rejected.csv: the rejected rows, whole, with row number, reason and suggested repair."""
    rt = runtime()
    actor = await rt.people.actor(request.headers.get("cookie", ""))
    if actor is None:
        return _sentence(request, NotSignedIn(), 401)
    import_id = id_of(request.path_params["import_id"]) or 0
    try:
        columns, rows = await asyncio.to_thread(rejected_rows, rt.db, actor, import_id)
    except ImportNotFound as refusal:
        return _sentence(request, refusal, 404)
    language = _language(request)
    name = f"{translate(language, 'imports.export_name')}-{import_id}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    pieces = csv_pieces(_table(language, columns, rows))
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)


def _table(language: str, columns: list[str], rows: Iterator[Rejection]) -> Iterator[list[str]]:
    """The header and the rejected rows, whole; our import takes off again what a formula was given."""
    told = [translate(language, f"imports.{name}") for name in ("row", "reason", "repair")]
    names = [name or translate(language, "imports.column", number=i + 1) for i, name in enumerate(columns)]
    yield [*names, *told]
    for row in rows:
        family = "imports" if row.reason in ("open_quote", "extra_cells") else "phone"
        why = translate(language, f"{family}.reason.{row.reason}")
        yield [*row.cells, str(row.row), why, row.suggestion]


async def _refused(request: Request, refusal: Refusal, status: int) -> Response:
    """The refusal as the page's script reads it, after the rest of the body: else it sees a broken connection."""
    read = 0
    try:
        async for piece in request.stream():
            read += len(piece)
            if read > DRAINED:
                break
    except (ClientDisconnect, RuntimeError):
        pass
    return JSONResponse({"key": refusal.key, "params": refusal.params}, status)


def _sentence(request: Request, refusal: Refusal, status: int) -> Response:
    return Response(translate(_language(request), refusal.key, **refusal.params), status, media_type="text/plain")


def _language(request: Request) -> str:
    return reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))


ROUTES = [
    Route("/import/files", receive, methods=["POST"]),
    Route("/import/{import_id}/rejected.csv", rejected, methods=["GET"]),
]
