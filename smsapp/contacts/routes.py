"""HTTP of the address book: contacts leave as a file, for whoever is signed in, and only their own."""

import asyncio
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from smsapp.contacts.export import COLUMNS, Exported, ExportGone, export_answering, export_selection, kept_selection
from smsapp.contacts.fields import CustomField
from smsapp.contacts.groups import GroupNotFound
from smsapp.contacts.listing import STATES
from smsapp.contacts.shown import query_of
from smsapp.contacts.spreadsheet import csv_pieces, xlsx_pieces
from smsapp.domain.errors import Refusal
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.web.guard import NotSignedIn
from smsapp.web.runtime import runtime

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def exported(request: Request) -> Response:
    """GET /contacts/export.csv or .xlsx: the contacts that answer the view of the address (?q=, group=, state=...).

    With ``?selection=`` those that were selected, whatever the view.
    """
    rt = runtime()
    actor = await rt.people.actor(request.headers.get("cookie", ""))
    if actor is None:
        return _sentence(request, NotSignedIn(), 401)
    key = request.query_params.get("selection", "")
    try:
        if key:
            ids = await asyncio.to_thread(kept_selection, rt.db, actor, key)
            own, people = await asyncio.to_thread(export_selection, rt.db, actor, ids)
        else:
            query = query_of(dict(request.query_params))
            own, people = await asyncio.to_thread(export_answering, rt.db, actor, query)
    except (ExportGone, GroupNotFound) as refusal:
        return _sentence(request, refusal, 404)
    language, kind = _language(request), request.url.path.rpartition(".")[2]
    title = translate(language, "contacts.title")
    table = _table(language, own, people)
    pieces, media = (xlsx_pieces(table, title), XLSX) if kind == "xlsx" else (csv_pieces(table), "text/csv")
    name = f"{translate(language, 'contacts.export_name')}-{rt.db.now():%Y-%m-%d}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type=media, headers=headers)


def _table(language: str, own: list[CustomField], people: Iterator[Exported]) -> Iterator[list[str]]:
    """The header and the rows."""
    said = {state: translate(language, f"contacts.state_{state}") for state in STATES}
    yield [*(translate(language, f"contacts.export_{name}") for name in COLUMNS), *(one.name for one in own)]
    for one in people:
        cells = {**one.cells, "state": said[one.cells["state"]]}
        yield [*(cells[name] for name in COLUMNS), *one.custom]


def _sentence(request: Request, refusal: Refusal, status: int) -> Response:
    return Response(translate(_language(request), refusal.key, **refusal.params), status, media_type="text/plain")


def _language(request: Request) -> str:
    return reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))


ROUTES = [Route(f"/contacts/export.{kind}", exported, methods=["GET"]) for kind in ("csv", "xlsx")]
