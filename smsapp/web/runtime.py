"""The process-wide things, set once by the assembly's lifespan; a test sets its own with ``using``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from smsapp.accounts.actor import Actor
from smsapp.contacts.duplicates import how_many
from smsapp.db import Database
from smsapp.gateways.fleet import Fleet
from smsapp.imports.jobs import Jobs
from smsapp.sending.callbacks import Callbacks
from smsapp.sending.engine import Engine
from smsapp.sending.wake import Wakes
from smsapp.settings import Settings
from smsapp.web.carried import Luggage
from smsapp.web.flash import Flashes
from smsapp.web.hub import Hub
from smsapp.web.people import People


def _nobody(_token: str) -> bool:
    return False


@dataclass
class Runtime:
    """``connected`` says whether a browser tab (its client token) still holds its websocket.

    ``engine`` is None when only workers send; ``beat`` is when it last went round. ``fleet``: the gateways of
    this process, of which ``callbacks`` keeps what they tell over HTTP. ``repeated``: how many numbers stand more than
    once in somebody's book, for the pages that stand below it.
    """

    settings: Settings
    db: Database
    hub: Hub = field(default_factory=Hub)
    engine: Engine | None = None
    wakes: Wakes | None = None
    fleet: Fleet | None = None
    callbacks: Callbacks = field(init=False)
    beat: datetime | None = None
    imports: Jobs | None = None
    connected: Callable[[str], bool] = _nobody
    flashes: Flashes = field(default_factory=Flashes)
    luggage: Luggage = field(default_factory=Luggage)
    people: People = field(init=False)
    repeated: Callable[[Actor], int] = field(init=False)

    def __post_init__(self) -> None:
        self.callbacks = Callbacks(self.db, lambda accounts: self.hub.changed(accounts))
        self.repeated = partial(how_many, self.db)
        self.people = People(self.db, secure=self.settings.secure_cookies)

    async def wake(self) -> None:
        """A campaign was sent or resumed: whoever sends looks at once rather than at the next tick."""
        if self.engine is not None:
            await self.engine.wake()
        elif self.wakes is not None:
            await self.wakes.start()


_current: Runtime | None = None


def runtime() -> Runtime:
    """The runtime of this process.

    Raises:
        RuntimeError: the lifespan has not started.
    """
    if _current is None:
        raise RuntimeError("smsapp is not running: no runtime was set")
    return _current


def use(rt: Runtime | None) -> None:
    """Make ``rt`` the runtime of this process (None: forget it)."""
    global _current
    _current = rt


@contextmanager
def using(rt: Runtime) -> Iterator[Runtime]:
    """Make ``rt`` the runtime for the length of a block."""
    before = _current
    use(rt)
    try:
        yield rt
    finally:
        use(before)
