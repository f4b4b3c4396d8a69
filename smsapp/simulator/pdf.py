"""The quote of a simulation on paper: one or two pages of A4, in the reader's language."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

from smsapp.domain.packs import TENTHS, Cover
from smsapp.domain.tariff import SmsType, Tariff
from smsapp.i18n import formats
from smsapp.i18n.catalogue import translate
from smsapp.simulator.service import Price, Simulation
from smsapp.simulator.territories import name

CHARSET = "windows-1252"  # what the typefaces that every reader of PDF has can write
SPACES = {0x202F: " ", 0x2009: " ", 0xA0: " "}
INK, MUTED, LINE = (28, 32, 36), (96, 100, 108), (217, 217, 224)


def paper(language: str, asked: Simulation, price: Price, tariff: Tariff, at: datetime, address: str) -> bytes:
    """The quote as a PDF: `at` is when it was priced, `address` where it can be done again."""
    sheet = _Sheet(language)
    say = sheet.say
    sheet.line(say("simulator.pdf_title"), size=20, bold=True, gap=2)
    sheet.line(say("simulator.pdf_dated", at=at, version=price.tariff_version), muted=True, gap=6)
    sheet.line(say("simulator.cost"), muted=True)
    sheet.line(formats.money(language, price.euros), size=24, bold=True)
    sheet.line(
        say(
            "simulator.pdf_taxed",
            taxed=formats.money(language, price.euros_with_tax),
            vat=formats.number(language, tariff.vat, 2),
        )
    )
    person = formats.number(language, price.per_person, 4)
    sheet.line(say("simulator.person", euros=person), gap=6)
    sheet.line(_headline(sheet, asked, price), gap=4)
    sheet.table(
        [say(f"simulator.{key}") for key in ("country", "people", "segments_all", "unit_price", "credits_title")],
        [
            [
                name(place.territory, language) + (" *" if place.territory in price.samples else ""),
                formats.number(language, place.count),
                formats.number(language, place.segments),
                formats.credits(language, place.unit_price),
                formats.credits(language, place.units),
            ]
            for place in price.by_destination
        ],
    )
    if price.samples:
        sheet.line(f"* {say('simulator.sample_why')}", size=8, muted=True, gap=4)
    if price.cover:
        sheet.line(say("simulator.packs", units=price.units), size=12, bold=True, gap=2)
        sheet.table(
            [say(f"simulator.{key}") for key in ("packs_column", "rate", "left", "price")],
            [_cover(language, cover) for cover in (price.cover, *price.singles[:3])],
        )
    sheet.line(say("simulator.message"), size=12, bold=True, gap=1)
    sheet.line(_options(sheet, asked), size=9, muted=True, gap=2)
    sheet.line(asked.text or say("simulator.pdf_no_text"), gap=6)
    sheet.line(say("simulator.exact_why"), size=9, muted=True, gap=2)
    if len(address) < 1_500:
        sheet.line(say("simulator.pdf_again"), size=9, muted=True)
        sheet.line(address, size=8, muted=True, link=address)
    return sheet.done()


def _headline(sheet: "_Sheet", asked: Simulation, price: Price) -> str:
    people = sheet.say("simulator.people_count", count=price.recipients)
    size = "simulator.segments_count" if asked.sms_type is SmsType.PRO else "simulator.calls_count"
    total = sheet.say("simulator.credits_count", units=price.units)
    return f"{people} · {sheet.say(size, count=price.segments)} · {total}"


def _options(sheet: "_Sheet", asked: Simulation) -> str:
    if asked.sms_type is SmsType.VOICE:
        return sheet.say("simulator.voice")
    words = [sheet.say("simulator.pro"), sheet.say("simulator.sender_on" if asked.sender else "simulator.sender_off")]
    return " · ".join([*words, sheet.say("simulator.stop_on" if asked.stop else "simulator.stop_off")])


def _cover(language: str, cover: Cover) -> list[str]:
    packs = " + ".join(
        (f"{formats.number(language, count)} × " if count > 1 else "") + formats.number(language, size)
        for size, count in cover.packs
    )
    euros = Decimal(cover.price) / TENTHS
    rate = translate(language, "simulator.euros", amount=formats.number(language, euros / cover.credits, 4))
    return [packs, rate, formats.number(language, cover.left), formats.money(language, euros)]


class _Sheet:
    """An A4 page being written from the top."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._pdf = FPDF(format="A4")
        self._pdf.core_fonts_encoding = CHARSET
        self._pdf.set_margins(18, 18)
        self._pdf.set_auto_page_break(True, 18)
        self._pdf.set_title(printable(self.say("simulator.pdf_title")))
        self._pdf.set_creator("smsapp")
        self._pdf.add_page()

    def say(self, key: str, **params: Any) -> str:
        return translate(self._language, key, **params)

    def line(
        self, text: str, *, size: int = 10, bold: bool = False, muted: bool = False, gap: float = 0, link: str = ""
    ) -> None:
        """A paragraph, and `gap` millimetres under it."""
        self._pdf.set_font("helvetica", "B" if bold else "", size)
        self._pdf.set_text_color(*(MUTED if muted else INK))
        wrap = WrapMode.CHAR if link else WrapMode.WORD
        self._pdf.multi_cell(
            0, size * 0.5, printable(text), align="L", link=link, new_x=XPos.LMARGIN, new_y=YPos.NEXT, wrapmode=wrap
        )
        self._pdf.ln(gap)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table: words left, figures right."""
        self._pdf.set_font("helvetica", "", 9)
        self._pdf.set_text_color(*INK)
        self._pdf.set_draw_color(*LINE)
        first = 70
        widths = (first, *[(174 - first) / (len(heads) - 1)] * (len(heads) - 1))
        align = ("LEFT", *["RIGHT"] * (len(heads) - 1))
        with self._pdf.table(
            col_widths=widths, text_align=align, borders_layout="HORIZONTAL_LINES", line_height=5.5, padding=0.6
        ) as table:
            for row in (heads, *rows):
                table.row([printable(cell) for cell in row])
        self._pdf.ln(3)

    def done(self) -> bytes:
        return bytes(self._pdf.output())


def printable(text: str) -> str:
    """The text in letters that the typeface has; others are named by their number, never left out."""
    plain = text.translate(SPACES)
    return "".join(c if c == "\n" or (c.isprintable() and _has(c)) else f"[U+{ord(c):04X}]" for c in plain)


def _has(char: str) -> bool:
    try:
        char.encode(CHARSET)
    except UnicodeEncodeError:
        return False
    return True
