"""What a handler tells the person in passing ("Contact enregistré"): kept in ``SessionState``, shown by the shell.

Never ``rx.toast`` from a handler: it travels as JavaScript, which the content security policy drops.
"""

from typing import Literal

from reflex.state import BaseState

from smsapp.accounts.state import SessionState
from smsapp.domain.errors import Refusal

Kind = Literal["success", "info", "warning", "error"]


async def notice(state: BaseState, kind: Kind, key: str, **params: object) -> None:
    """Show the sentence ``key`` once. In a background handler call it inside ``async with self``."""
    (await state.get_state(SessionState))._tell(kind, key, params)


async def refuse(state: BaseState, refusal: Refusal) -> None:
    """Show why something could not be done."""
    await notice(state, "error", refusal.key, **refusal.params)
