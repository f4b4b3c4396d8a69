"""The date of sending in the composer (S54, M23): each change is written down in the draft, as everything else."""

from dataclasses import replace
from typing import Annotated, Any, Literal

import reflex as rx
from annotated_types import MaxLen

from smsapp.campaigns import departure, screen
from smsapp.campaigns.state import ComposeState
from smsapp.domain.errors import Refusal
from smsapp.domain.moment import parse

Spread = Literal["0", "15", "30", "60", "120", "240", "480", "720", "1440"]


class DepartureState(rx.State):
    """What is done about the date; what is shown of it is ``ComposeState.leaves``."""

    @rx.event
    async def choose(self, when: Literal["now", "later"]) -> Any:
        """Now, or at a date."""
        compose = await self.get_state(ComposeState)
        compose._show_date("")
        return await compose._keep(departure.leave_later if when == "later" else departure.leave_now)

    @rx.event
    async def set_date(self, typed: Annotated[str, MaxLen(100)]) -> Any:
        """The date as it is typed; one that cannot be read stays on the page with the reason."""
        compose = await self.get_state(ComposeState)
        if not compose.leaves.later:
            return None
        compose._show_date(typed)
        try:
            when = parse(typed, compose.leaves.zone)
        except Refusal as refusal:
            compose.date_error = screen.said(refusal)
            return None
        return await compose._keep(lambda db, who, id: departure.leave_at(db, who, id, when))

    @rx.event
    async def take_slot(self) -> Any:
        """The next date at which marketing may leave (M28)."""
        compose = await self.get_state(ComposeState)
        return DepartureState.set_date(compose.leaves.slot) if compose.leaves.slot else None

    @rx.event
    async def set_zone(self, zone: Annotated[str, MaxLen(64)]) -> Any:
        """The clock that the date is read on."""
        compose = await self.get_state(ComposeState)
        compose.leaves = replace(compose.leaves, zone=zone)
        return await compose._keep(lambda db, who, id: departure.leave_in(db, who, id, zone))

    @rx.event
    async def set_spread(self, minutes: Spread) -> Any:
        """Over how long it leaves."""
        compose = await self.get_state(ComposeState)
        return await compose._keep(lambda db, who, id: departure.spread_over(db, who, id, int(minutes)))

    @rx.event
    async def set_partial(self, on: bool) -> Any:
        """Send what the balance allows, or nothing (M22)."""
        compose = await self.get_state(ComposeState)
        return await compose._keep(lambda db, who, id: departure.allow_partly(db, who, id, on))

    @rx.event
    async def accept_past(self) -> Any:
        """The date is over: it leaves now (M24)."""
        compose = await self.get_state(ComposeState)
        compose.past_asked, compose._now_if_past = False, True
        return ComposeState.review

    @rx.event
    async def show_past(self, shown: bool) -> None:
        """The question is closed."""
        compose = await self.get_state(ComposeState)
        compose.past_asked = shown and compose.past_asked
