"""Commands for scripts: count texts, read numbers, price a campaign, manage tariffs. JSON out, sentences on errors."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from smsapp import settings as configuration
from smsapp.domain.credits import Credits
from smsapp.domain.encoding import Encoding, culprits, measure
from smsapp.domain.errors import Refusal
from smsapp.domain.opt_out import sample_link
from smsapp.domain.packs import TENTHS, Cover
from smsapp.domain.phone import Number, keep_answers, read_number
from smsapp.domain.tariff import SmsType, Tariff, parse_tariff
from smsapp.domain.tariff_store import TariffStore
from smsapp.i18n.catalogue import translate
from smsapp.simulator.address import volume
from smsapp.simulator.service import NotSimulated, Price, Simulation, simulate, simulate_file, territory_named

tariff = typer.Typer(no_args_is_help=True, help="Prices and packs.")
_NAMES = {Encoding.GSM7: "gsm7", Encoding.UCS2: "ucs2"}


def register(app: typer.Typer) -> None:
    """Add the commands of this room to `smsapp`."""
    app.command("segments")(segments)
    app.command("numbers")(numbers)
    app.command("simulate")(simulate_campaign)
    app.add_typer(tariff, name="tariff")


@contextmanager
def _sentences() -> Iterator[None]:
    """A refusal or a file that cannot be read is one sentence on standard error, and exit code 2."""
    try:
        yield
    except Refusal as refusal:
        typer.echo(translate("en", refusal.key, **refusal.params), err=True)
    except (configuration.UnsafeSettings, OSError, UnicodeDecodeError) as error:
        typer.echo(str(error), err=True)
    else:
        return
    raise typer.Exit(2)


def _print(answer: dict[str, Any]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=True, default=_number))


def _number(value: object) -> int | float:
    """Exact decimals as JSON numbers: at most 15 digits, which a double carries unchanged."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return int(value) if value == value.to_integral_value() else float(value)


def _lines() -> Iterator[str]:
    """Standard input line by line, without the line ends, whatever bytes it holds."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")


def segments(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="one JSON string a line (the only form)")] = True,
) -> None:
    """Count texts: one JSON string a line on standard input, one JSON object a line out."""
    wrong = 0
    for number, line in enumerate(_lines(), 1):
        try:
            text = json.loads(line)
        except (ValueError, RecursionError):
            text = None
        if not isinstance(text, str):
            wrong += 1
            _print({"error": f"line {number} is not a JSON string"})
            continue
        size = measure(text)
        _print(
            {
                "encoding": _NAMES[size.encoding],
                "units": size.units,
                "segments": size.segments,
                "costly": [culprit.char for culprit in culprits(text)],
            }
        )
    if wrong:
        raise typer.Exit(1)


def numbers(
    region: Annotated[str, typer.Option(help="country of numbers without a calling code")] = "FR",
    voice: Annotated[bool, typer.Option("--voice", help="accept fixed lines too")] = False,
) -> None:
    """Read phone numbers: one a line on standard input, one JSON object a line out."""
    for line in _lines():
        try:
            found = read_number(line, region, for_voice=voice)
        except ValueError:
            typer.echo(f"{region!r} is not a country: write a code such as FR", err=True)
            raise typer.Exit(2) from None
        answer: dict[str, Any] = {"input": line, "e164": None, "territory": None, "kind": None, "reason": None}
        if isinstance(found, Number):
            answer |= {"e164": f"+{found.e164}", "territory": found.territory, "kind": found.line.value}
            answer["suggestions"] = [f"+{choice}" for choice in found.choices]
            answer["warning"] = found.warning.value if found.warning else None
        else:
            answer["reason"] = found.reason.value
            answer["suggestions"] = [f"+{choice}" for choice in found.suggestions]
            answer["warning"] = None
        _print(answer)


def simulate_campaign(
    text: Annotated[str, typer.Argument(help="the message")],
    to: Annotated[list[str] | None, typer.Option(help="country and volume, such as FR=5000; repeatable")] = None,
    file: Annotated[Path | None, typer.Option(help="an address book; it is read, not changed")] = None,
    sms_type: Annotated[SmsType, typer.Option("--type", help="pro or voice")] = SmsType.PRO,
    sender: Annotated[bool, typer.Option("--sender", help="a sender of one's own")] = False,
    stop: Annotated[bool, typer.Option("--stop/--no-stop", help="add the STOP mention of marketing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON out")] = False,
) -> None:
    """Price a campaign exactly, by volumes or from a file."""
    with _sentences():
        settings = configuration.load()
        prices = _store().current()
        link = sample_link(settings.opt_out_address)
        rows = tuple(_row(entry) for entry in to or ())
        asked = Simulation(rows, text, sms_type, sender, stop)
        removed: dict[str, int] = {}
        if file is not None:
            if rows:
                raise NotSimulated("simulator.file_or_rows")
            keep_answers(settings.data_dir / "cache")
            price, found = simulate_file(file, asked, prices, settings.stop_short_code, link, keep=True)
            removed = {"duplicates": found.duplicates, "unreadable": found.unreadable, "uncovered": found.uncovered}
        else:
            price = simulate(asked, prices, settings.stop_short_code, link)
    answer = _as_json(price, removed)
    if as_json:
        _print(answer)
        return
    for name, value in answer.items():
        typer.echo(f"{name}: {value if isinstance(value, str | int | Decimal) else json.dumps(value, default=_number)}")


def _row(entry: str) -> tuple[str, int]:
    name, _, count = entry.partition("=")
    return territory_named(name), volume(count)


def _cover(cover: Cover) -> dict[str, Any]:
    packs = [{"credits": size, "count": count} for size, count in cover.packs]
    return {"packs": packs, "euros": Decimal(cover.price) / TENTHS, "left": cover.left}


def _as_json(price: Price, removed: dict[str, int]) -> dict[str, Any]:
    places = [
        {
            "territory": place.territory,
            "count": place.count,
            "segments": place.segments,
            "unit_price": Credits(place.unit_price).decimal,
            "credits": Credits(place.units).decimal,
        }
        for place in price.by_destination
    ]
    cheapest = _cover(price.cover) if price.cover else None
    return {
        "encoding": _NAMES[price.encoding],
        "characters": price.characters,
        "segments": price.segments,
        "recipients": price.recipients,
        **removed,
        "credits": Credits(price.units).decimal,
        "by_destination": places,
        "packs": {"cheapest": cheapest, "single": [_cover(cover) for cover in price.singles]},
        "euros": price.euros,
        "euros_with_tax": price.euros_with_tax,
        "per_person": price.per_person,
        "tariff": price.tariff_version,
        "samples": list(price.samples),
    }


def _store() -> TariffStore:
    return TariffStore(configuration.load().data_dir / "tariffs")


@tariff.command("check")
def tariff_check(path: Annotated[Path, typer.Argument(help="a tariff file")]) -> None:
    """Say whether a tariff file is right: the line and the reason if not."""
    with _sentences():
        found = parse_tariff(path.read_text("utf-8"))
    typer.echo(_summary(found))


@tariff.command("load")
def tariff_load(path: Annotated[Path, typer.Argument(help="a tariff file")]) -> None:
    """Make a tariff the current one. Campaigns already running keep theirs."""
    with _sentences():
        found = _store().load(path.read_text("utf-8"))
    typer.echo(_summary(found))


@tariff.command("show")
def tariff_show(version: Annotated[str, typer.Argument(help="a version; the current one by default")] = "") -> None:
    """Print a tariff as JSON, with every version known."""
    with _sentences():
        store = _store()
        found = store.tariff_of(version)
        versions = store.versions()
    tables = {**{kind.value: table for kind, table in found.prices.items()}, "pro+sender": found.sender_prices}
    _print(
        {
            "version": found.version,
            "versions": versions,
            "eur_per_credit": found.eur_per_credit,
            "vat_percent": found.vat,
            "packs": [{"credits": pack.credits, "eur": pack.eur} for pack in found.packs],
            "prices": {
                name: {
                    territory: {"credits": Credits(price.units).decimal, "sample": price.sample}
                    for territory, price in sorted(table.items())
                }
                for name, table in tables.items()
            },
        }
    )


def _summary(found: Tariff) -> str:
    prices = sum(len(table) for table in found.prices.values()) + len(found.sender_prices)
    return f"{found.version}: {prices} prices, {len(found.packs)} packs"
