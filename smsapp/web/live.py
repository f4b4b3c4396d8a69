"""The watcher of an open page: one background handler per page that follows an account, waiting on the hub.

    class ReportState(LiveState, rx.State):
        @rx.event(background=True)
        async def watch(self):
            async for snapshot in self._snapshots():
                found = await snapshot.once(("report", self.campaign_id), partial(service.report, db, actor, ...))
                async with self:
                    self._take(found)

It ends by itself when the page is left, the tab is gone, the person signed out, a newer watcher took over, or the
server stops. The first snapshot comes at once.
"""

import secrets
from collections.abc import AsyncIterator

import reflex as rx

from smsapp.web.guard import NotSignedIn, actor_of
from smsapp.web.hub import HubClosed, Snapshot
from smsapp.web.runtime import runtime

PATIENCE = 5.0  # seconds between two looks at whether anybody still watches


class LiveState(rx.State, mixin=True):
    """Mixed into the state of a page that follows its account."""

    _watcher: str = ""

    async def _snapshots(self) -> AsyncIterator[Snapshot]:
        """Each new snapshot of the signed-in account. Use inside a background handler, outside ``async with self``."""
        mine = secrets.token_hex(8)
        async with self:
            actor = await actor_of(self)
            self._watcher = mine
            token = self.router.session.client_token
            path = self.router.url.path.rstrip("/")
        hub = runtime().hub
        snapshot: Snapshot | None = hub.now(actor.account_id)
        seen = snapshot.version if snapshot else 0
        while True:
            if not runtime().connected(token):
                return
            async with self:
                here = self._watcher == mine and self.router.url.path.rstrip("/") == path
                try:
                    same = here and (await actor_of(self)).user_id == actor.user_id
                except NotSignedIn:
                    same = False
            if not same:
                return
            if snapshot:
                seen = snapshot.version
                yield snapshot
            try:
                snapshot = await hub.next(actor.account_id, seen, PATIENCE)
            except HubClosed:
                return
