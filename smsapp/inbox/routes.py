"""HTTP of the replies: all of them leave as a file, for whoever is signed in, and only their own."""

import asyncio
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from smsapp.accounts.actor import Actor
from smsapp.accounts.tables import Account
from smsapp.contacts.spreadsheet import csv_pieces, xlsx_pieces
from smsapp.db import Database
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.i18n.formats import moment
from smsapp.inbox.export import COLUMNS, Exported, every_reply
from smsapp.web.http import actor_of_request
from smsapp.web.runtime import runtime

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def exported(request: Request) -> Response:
    """GET /replies/export.csv or .xlsx: every reply of the account, latest first."""
    actor, db = await actor_of_request(request), runtime().db
    language = reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))
    zone = await asyncio.to_thread(_zone, db, actor)
    table = _table(language, zone, every_reply(db, actor))
    kind = request.url.path.rpartition(".")[2]
    if kind == "xlsx":
        pieces, media = xlsx_pieces(table, translate(language, "inbox.title")), XLSX
    else:
        pieces, media = csv_pieces(table), "text/csv"
    name = f"{translate(language, 'inbox.export_name')}-{db.now():%Y-%m-%d}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type=media, headers=headers)


def _table(language: str, zone: ZoneInfo, replies: Iterator[Exported]) -> Iterator[list[str]]:
    """The header and the rows. A number is written without its plus: no formula, and no digit is eaten."""
    yield [translate(language, f"inbox.export_{name}") for name in COLUMNS]
    done = translate(language, "inbox.done")
    for one in replies:
        at = moment(one.at.astimezone(zone))
        yield [at, str(one.e164), one.name, one.text, one.wish.upper(), one.campaign, done if one.done else ""]


def _zone(db: Database, actor: Actor) -> ZoneInfo:
    with db.read() as session:
        account = session.get(Account, actor.account_id)
    return ZoneInfo(account.time_zone if account else "Europe/Paris")


ROUTES = [Route(f"/replies/export.{kind}", exported, methods=["GET"]) for kind in ("csv", "xlsx")]
