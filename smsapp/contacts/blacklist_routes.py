"""HTTP of the blacklist: the list leaves as a file, for its account only."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from smsapp.contacts.blacklist_list import Entry, every_entry
from smsapp.contacts.spreadsheet import csv_pieces, xlsx_pieces
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.web.http import actor_of_request
from smsapp.web.runtime import runtime

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = ("number", "name", "reason", "origin", "since", "by")


async def exported(request: Request) -> Response:
    """GET /blacklist/export.csv or .xlsx: every number with reason, origin and date; ``?origin=`` keeps one origin."""
    actor, rt = await actor_of_request(request), runtime()
    language = reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))
    kind = request.url.path.rpartition(".")[2]
    table = _table(language, every_entry(rt.db, actor, request.query_params.get("origin", "")))
    name = f"{translate(language, 'blacklist.export_name')}-{rt.db.now():%Y-%m-%d}.{kind}"
    if kind == "xlsx":
        pieces, media = xlsx_pieces(table, translate(language, "blacklist.title")), XLSX
    else:
        pieces, media = csv_pieces(table), "text/csv; charset=utf-8"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type=media, headers=headers)


def _table(language: str, rows: Iterator[Entry]) -> Iterator[list[str]]:
    """The header and the rows. A number is written without its plus: no formula, and no digit is eaten."""
    yield [translate(language, f"blacklist.{name}") for name in COLUMNS]
    for row in rows:
        origin = translate(language, f"blacklist.origin.{row.origin}")
        yield [str(row.e164), row.name, row.reason, origin, f"{row.since:%d/%m/%Y %H:%M}", row.by]


ROUTES = [Route(f"/blacklist/export.{kind}", exported, methods=["GET"]) for kind in ("csv", "xlsx")]
