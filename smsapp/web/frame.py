"""How a room shows its pages to the assembly, and the shell around every signed-in page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx


@dataclass(frozen=True)
class PageSpec:
    """A page of a room.

    ``title_key`` is a catalogue key (the browser's title). ``on_load`` are handlers of the room's states, run in order
    each time the page is entered. ``signed_in`` pages get the shell's own handler first, which also sends people who
    are not signed in to the sign-in page.
    """

    route: str
    component: Callable[[], rx.Component]
    title_key: str
    on_load: Sequence[Any] = ()
    signed_in: bool = True
