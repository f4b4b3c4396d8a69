"""HTTP of the replies: all of them leave as a file, for whoever is signed in, and only their own."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from smsapp.contacts.export import home_of
from smsapp.contacts.spreadsheet import csv_pieces, written, xlsx_pieces
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.i18n.formats import moment
from smsapp.inbox.export import COLUMNS, SLICE, Exported, every_reply
from smsapp.web.http import actor_of_request
from smsapp.web.runtime import runtime

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def exported(request: Request) -> Response:
    """GET /replies/export.csv or .xlsx: every reply of the account, latest first."""
    actor, db = await actor_of_request(request), runtime().db
    language = reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))
    home = await asyncio.to_thread(home_of, db, actor)
    table = _table(language, home, every_reply(db, actor))
    kind = request.url.path.rpartition(".")[2]
    if kind == "xlsx":
        pieces, media = xlsx_pieces(table, translate(language, "inbox.title")), XLSX
    else:
        pieces, media = csv_pieces(table), "text/csv"
    name = f"{translate(language, 'inbox.export_name')}-{db.now():%Y-%m-%d}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type=media, headers=headers)


def _table(language: str, home: tuple[str, ZoneInfo], replies: Iterator[Exported]) -> Iterator[list[str]]:
    """The header and the rows; instants on the account's clock."""
    region, zone = home
    yield [translate(language, f"inbox.export_{name}") for name in COLUMNS]
    done = translate(language, "inbox.done")
    while some := list(islice(replies, SLICE)):
        for one, number in zip(some, written([one.e164 for one in some], region), strict=True):
            at = moment(one.at.astimezone(zone))
            yield [at, number, one.name, one.text, one.wish.upper(), one.campaign, done if one.done else ""]


ROUTES = [Route(f"/replies/export.{kind}", exported, methods=["GET"]) for kind in ("csv", "xlsx")]
