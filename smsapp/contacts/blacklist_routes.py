"""HTTP of the blacklist: the list leaves as a file, for its account only."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from smsapp.contacts.blacklist_list import Entry, every_entry
from smsapp.contacts.export import home_of
from smsapp.contacts.spreadsheet import csv_pieces, written, xlsx_pieces
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.web.http import actor_of_request
from smsapp.web.runtime import runtime

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLICE = 1_000
COLUMNS = ("number", "name", "reason", "origin", "since", "by")


async def exported(request: Request) -> Response:
    """GET /blacklist/export.csv or .xlsx: every number with reason, origin and date; ``?origin=`` keeps one origin."""
    actor, rt = await actor_of_request(request), runtime()
    language = reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))
    kind = request.url.path.rpartition(".")[2]
    home = await asyncio.to_thread(home_of, rt.db, actor)
    table = _table(language, home, every_entry(rt.db, actor, request.query_params.get("origin", "")))
    name = f"{translate(language, 'blacklist.export_name')}-{rt.db.now():%Y-%m-%d}.{kind}"
    if kind == "xlsx":
        pieces, media = xlsx_pieces(table, translate(language, "blacklist.title")), XLSX
    else:
        pieces, media = csv_pieces(table), "text/csv; charset=utf-8"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type=media, headers=headers)


def _table(language: str, home: tuple[str, ZoneInfo], rows: Iterator[Entry]) -> Iterator[list[str]]:
    """The header and the rows; instants on the account's clock."""
    region, zone = home
    yield [translate(language, f"blacklist.{name}") for name in COLUMNS]
    while some := list(islice(rows, SLICE)):
        for row, number in zip(some, written([row.e164 for row in some], region), strict=True):
            origin = translate(language, f"blacklist.origin.{row.origin}")
            yield [number, row.name, row.reason, origin, f"{row.since.astimezone(zone):%d/%m/%Y %H:%M}", row.by]


ROUTES = [Route(f"/blacklist/export.{kind}", exported, methods=["GET"]) for kind in ("csv", "xlsx")]
