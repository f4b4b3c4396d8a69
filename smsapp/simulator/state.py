"""What the simulator and the price list hold. The address is the truth of the simulator: it gives the page back."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import reflex as rx
from annotated_types import MaxLen

from smsapp.domain.errors import Refusal
from smsapp.domain.opt_out import sample_link
from smsapp.domain.tariff import SmsType, Tariff
from smsapp.domain.tariff_store import TariffStore
from smsapp.domain.template import stop_mention
from smsapp.i18n import Sentence
from smsapp.simulator.address import from_query, to_query, volume
from smsapp.simulator.drops import drops
from smsapp.simulator.screen import FileItem, RowItem, Shown, said, shown
from smsapp.simulator.service import NotSimulated, Price, Simulation, simulate, territory_named
from smsapp.web.runtime import runtime

LONGEST_TEXT = 60_000  # characters of a text that are looked at; the service says what is too long
LONGEST_ADDRESS = 6_000  # characters of a query that every browser and server takes
MOST_ROWS = 60
BLANK = Simulation((("FR", 1_000),))


def tariff() -> Tariff:
    """The tariff of new quotes."""
    return TariffStore(runtime().settings.data_dir / "tariffs").current()


def priced(asked: Simulation) -> tuple[Price, Tariff]:
    """The price of volumes under the current tariff. Raises NotSimulated, NotCovered."""
    prices = tariff()
    settings = runtime().settings
    return simulate(asked, prices, settings.stop_short_code, sample_link(settings.opt_out_address)), prices


def longest_mention(asked: Simulation) -> str:
    """The longest STOP mention that a message of the simulation ends with, for the live figures of the text."""
    if not asked.stop or asked.sms_type is SmsType.VOICE:
        return ""
    code = runtime().settings.stop_short_code
    link = sample_link(runtime().settings.opt_out_address)
    kind: Literal["reply", "custom"] = "custom" if asked.sender else "reply"
    places = {territory for territory, count in asked.rows if count} or {"FR"}
    mentions = (
        stop_mention(one, sender_kind=kind, purpose="marketing", short_code=code, opt_out_link=link) for one in places
    )
    return max(mentions, key=len)


class SimulatorState(rx.State):
    """/simulator. `version` names the text that the browser was given: what it sends for another one is dropped."""

    _public_reason: ClassVar[str] = "the simulator is for people without an account, and holds only what they typed"

    ready: bool = False
    signed_in: bool = False
    rows: list[RowItem] = []
    text: str = ""
    version: int = 0
    sms_type: str = SmsType.PRO.value
    pro_price: int = 0  # units, in the first country
    voice_price: int = 0
    sender: bool = False
    stop: bool = False
    suffix: str = ""
    problem: Sentence = Sentence()
    shown: Shown = Shown()
    file: FileItem = FileItem()
    query: str = ""
    ask: str = ""
    too_long: bool = False
    can_undo: bool = False

    _next: int = 0
    _advised: list[Simulation] = []
    _before: Simulation | None = None
    _found: Price | None = None

    @rx.event
    async def enter(self) -> None:
        """The page is entered: its address says what is simulated; an empty one keeps what was."""
        self.signed_in = await runtime().people.actor(self.router.headers.cookie) is not None
        query = self.router.url.query
        if self.ready and query in ("", self.query):
            return
        wrong = Sentence()
        try:
            asked = await asyncio.to_thread(from_query, query) if query else BLANK
        except Refusal as refusal:
            asked, wrong = BLANK, said(refusal)
        self.file, self._found, self._before, self.can_undo = FileItem(), None, None, False
        self._show(asked)
        await self._price()
        self.ready = True
        if wrong.key:
            self.problem = wrong

    @rx.event
    async def typed(self, text: Annotated[str, MaxLen(LONGEST_TEXT)], version: int) -> None:
        """The text changed in the browser."""
        if version != self.version or text == self.text:
            return
        self.text, self.can_undo = text, False
        await self._price()

    @rx.event
    async def add_row(self) -> Any:
        """One more destination: the first of the usual ones that is not there yet."""
        if len(self.rows) >= MOST_ROWS:
            self.problem = Sentence("simulator.too_many_rows", {"most": MOST_ROWS})
            return None
        there = {row.territory for row in self.rows}
        usual = ("FR", "GP", "MQ", "RE", "GF", "BE", "CH", "GB", "DE", "ES", "IT")
        self.rows = [*self.rows, self._row(next((code for code in usual if code not in there), "US"), "")]
        await self._price()
        return rx.set_focus(f"volume-{self.rows[-1].id}")

    @rx.event
    async def remove_row(self, row: int) -> None:
        """A destination goes."""
        self.rows = [one for one in self.rows if one.id != row]
        await self._price()

    @rx.event
    async def set_country(self, row: int, territory: Annotated[str, MaxLen(20)]) -> None:
        """The country of a row."""
        try:
            code = territory_named(territory)
        except NotSimulated as refusal:
            self.problem = said(refusal)
            return
        self.rows = [replace(one, territory=code) if one.id == row else one for one in self.rows]
        await self._price()

    @rx.event
    async def set_volume(self, row: int, count: Annotated[str, MaxLen(400)]) -> None:
        """The number of recipients of a row, as typed."""
        self.rows = [replace(one, count=count) if one.id == row else one for one in self.rows]
        await self._price()

    @rx.event
    async def choose_type(self, sms_type: Literal["pro", "voice"]) -> None:
        """SMS Pro or SMS Voix."""
        self.sms_type = sms_type
        await self._price()

    @rx.event
    async def set_sender(self, sender: bool) -> None:
        """A sender of one's own."""
        self.sender = sender
        await self._price()

    @rx.event
    async def set_stop(self, stop: bool) -> None:
        """The STOP mention of marketing, counted in the message."""
        self.stop = stop
        await self._price()

    @rx.event
    async def apply(self, place: int) -> None:
        """One of the ways to pay less, because it was asked; the way back is kept."""
        if not 0 <= place < len(self._advised):
            return
        before, after = self._asked(), self._advised[place]
        self._show(after)
        await self._price()
        self._before, self.can_undo = before, True

    @rx.event
    async def undo(self) -> None:
        """Back to what was before the last advice."""
        if self._before is not None and self.can_undo:
            self._show(self._before)
            self.can_undo = False
            await self._price()

    @rx.event
    async def take_file(self, key: Annotated[str, MaxLen(60)], name: Annotated[str, MaxLen(400)]) -> None:
        """A file was priced by the route; its price waits under a key. One for another text is void: it will come."""
        drop = drops.take(key)
        if drop is None or drop.ask != self.ask:
            return
        self.file, self._found = replace(drop.found, name=name or "…"), drop.price
        await self._price()

    @rx.event
    async def drop_file(self) -> None:
        """The file is taken away: countries and volumes again."""
        self.file, self._found = FileItem(), None
        await self._price()

    def _row(self, territory: str, count: str) -> RowItem:
        self._next += 1
        return RowItem(self._next, territory, count)

    def _show(self, asked: Simulation) -> None:
        """Put another simulation on screen; the text goes to the browser under a new version."""
        if not self.file.name:
            self.rows = [self._row(territory, str(count)) for territory, count in asked.rows]
        if asked.text != self.text or not self.version:
            self.version = max(self.version + 1, round(runtime().db.now().timestamp() * 1000))
        self.text, self.sms_type = asked.text, asked.sms_type.value
        self.sender, self.stop = asked.sender, asked.stop

    def _asked(self) -> Simulation:
        """What is simulated; a volume that is none counts nothing here, and its row says so."""
        rows, told = [], []
        for row in self.rows:
            problem = Sentence()
            try:
                rows.append((row.territory, volume(row.count) if row.count.strip() else 0))
            except NotSimulated as refusal:
                problem = said(refusal)
            told.append(replace(row, problem=problem))
        self.rows = told
        return Simulation(tuple(rows), self.text, SmsType(self.sms_type), self.sender, self.stop)

    async def _price(self) -> None:
        """Price what is on screen: exactly, or not at all with the reason why."""
        asked = self._asked()
        self.problem = next((row.problem for row in self.rows if row.problem.key), Sentence())
        self.suffix = longest_mention(asked)
        options = to_query(replace(asked, rows=()))
        if options != self.ask:
            self._found = None  # the price of the file was for another message
        self.ask, self._advised = options, []
        try:
            prices = await asyncio.to_thread(tariff)
            self._tell_prices(asked, prices)
            if self.file.name:
                self._take(self._found, asked)
                asked = self._volumes_of(self._found, asked)
            elif self.problem.key:
                self.shown = Shown()
            else:
                price, _ = await asyncio.to_thread(priced, asked)
                self._take(price, asked)
        except Refusal as refusal:
            self.problem, self.shown = said(refusal), Shown()
        query = to_query(asked)
        self.too_long = len(query) > LONGEST_ADDRESS
        self.query = "" if self.too_long else query

    def _take(self, price: Price | None, asked: Simulation) -> None:
        self.shown = shown(price) if price else Shown()
        self._advised = [self._advice(asked, one.kind, one.text) for one in price.advice] if price else []

    def _volumes_of(self, found: Price | None, asked: Simulation) -> Simulation:
        """The address of a file carries how many people it has per country, and nobody's name."""
        places = found.by_destination if found else ()
        return replace(asked, rows=tuple((place.territory, place.count) for place in places))

    def _advice(self, asked: Simulation, kind: str, text: str | None) -> Simulation:
        if kind == "drop_stop":
            return replace(asked, stop=False)
        if kind == "drop_sender":
            return replace(asked, sender=False)
        return asked if text is None else replace(asked, text=text)

    def _tell_prices(self, asked: Simulation, prices: Tariff) -> None:
        """Say beside each row what one segment costs there, and with each type what it costs in the first country."""
        first = self.rows[0].territory if self.rows else "FR"
        pro = prices.price(first, SmsType.PRO, custom_sender=asked.sender)
        voice = prices.price(first, SmsType.VOICE)
        self.pro_price, self.voice_price = pro.units if pro else 0, voice.units if voice else 0
        found = [prices.price(row.territory, asked.sms_type, custom_sender=asked.sender) for row in self.rows]
        self.rows = [
            replace(row, price=price.units if price else 0, sample=bool(price and price.sample))
            for row, price in zip(self.rows, found, strict=True)
        ]


class PricingState(rx.State):
    """/pricing: the packs; the table of countries comes by a route that browsers may keep."""

    _public_reason: ClassVar[str] = "prices are public, and the same for everybody"

    ready: bool = False
    signed_in: bool = False
    packs: list[dict[str, float]] = []
    reference: float = 0
    vat: float = 0
    version: str = ""

    @rx.event
    async def enter(self) -> None:
        """The page is entered."""
        self.signed_in = await runtime().people.actor(self.router.headers.cookie) is not None
        found = await asyncio.to_thread(tariff)
        self.packs = [
            {
                "credits": pack.credits,
                "rate": float(pack.eur),
                "euros": float(pack.total),
                "taxed": float(found.with_tax(pack.total)),
            }
            for pack in found.packs
        ]
        self.reference, self.vat, self.version = float(found.eur_per_credit), float(found.vat), found.version
        self.ready = True
