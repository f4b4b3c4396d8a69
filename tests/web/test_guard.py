"""The guard: who may call what, with what, and whose states a tab holds."""

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import pytest
import reflex as rx
from annotated_types import MaxLen
from reflex.utils.format import format_event_handler
from reflex_base.utils.form import FORM_DATA_ENTRIES_KEY

from smsapp.accounts.actor import Actor
from smsapp.accounts.state import SessionState
from smsapp.domain.errors import Refusal
from smsapp.web.arguments import LARGEST, MAX_STRING, BadArguments, check, is_declared
from smsapp.web.guard import NotSignedIn, Tenancy, actor_of, public
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers, redirects


@dataclasses.dataclass
class Row:
    id: int
    label: str = ""


class ProbeState(rx.State):
    """A room's state with everything that can be wrong."""

    secret: str = ""
    count: int = 0

    @rx.event
    async def mine(self) -> None:
        self.secret = f"secret of {(await actor_of(self)).identifiant}"

    @rx.event
    def add(self, by: int, why: str = "") -> None:
        self.count += by

    @rx.event
    def typed(
        self,
        flag: bool,
        ratio: float,
        ids: list[int],
        fields: dict[str, str],
        row: Row,
        text: Annotated[str, MaxLen(30_000)],
    ) -> None:
        self.count += 1

    @rx.event
    def fields(self, fields: dict[str, str]) -> None:
        self.secret = fields["nom"]

    @rx.event
    def anything(self, value: Any) -> None:
        self.count += 1

    @rx.event
    def upload(self, files: list[rx.UploadFile]) -> None:
        self.count += 1

    def undecorated(self) -> None:
        self.count += 1

    @public("a test")
    @rx.event
    def open_to_all(self) -> None:
        self.count += 1

    @rx.event
    def refusing(self) -> None:
        raise Refusal("accounts.wrong_sign_in")

    @rx.event
    def failing(self) -> None:
        raise ValueError("0612345678")

    @rx.event
    def signed_out_meanwhile(self) -> None:
        raise NotSignedIn


class OpenState(rx.State):
    _public_reason: ClassVar[str] = "a test"
    count: int = 0

    @rx.event
    def add(self) -> None:
        self.count += 1


def name_of(handler: Any) -> str:
    return format_event_handler(handler)


MINE, ADD = name_of(ProbeState.mine), name_of(ProbeState.add)


async def test_nobody_signed_in_is_sent_to_sign_in(open_tabs: Browsers) -> None:
    tab = open_tabs.tab()
    assert redirects(await tab.send(ADD, {"by": 1})) == ["/login"]
    assert (await tab.state(ProbeState)).count == 0


async def test_public_handlers_and_states_answer_anybody(open_tabs: Browsers) -> None:
    tab = open_tabs.tab()
    await tab.send(name_of(ProbeState.open_to_all))
    await tab.send(name_of(OpenState.add))
    assert (await tab.state(ProbeState)).count == (await tab.state(OpenState)).count == 1


async def test_the_signed_in_person_is_let_through(open_tabs: Browsers, person: Callable[[str], Actor]) -> None:
    tab = open_tabs.tab(person("camille"))
    await tab.send(MINE)
    assert "secret of camille" in tab.seen


async def test_undeclared_private_and_inherited_methods_are_no_handlers(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    tab = open_tabs.tab(person("camille"))
    state = ProbeState.get_full_name()
    await tab.send(name_of(ProbeState.event_handlers["undecorated"]))
    await tab.send(f"{state}.setvar", {"var_name": "count", "value": 9})
    assert (await tab.state(ProbeState)).count == 0
    assert not is_declared(ProbeState.event_handlers["undecorated"].fn)
    assert not is_declared(len)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"by": "5"},
        {"by": 5.0},
        {"by": True},
        {"by": None},
        {"by": [1]},
        {"by": LARGEST + 1},
        {"by": 1, "why": {"a": 1}},
        {"by": 1, "why": "x" * (MAX_STRING + 1)},
        {"by": 1, "why": "a\x00b"},
        {"by": 1, "why": "\ud800"},
        {"by": 1, "other": 1},
    ],
)
async def test_arguments_that_do_not_fit_are_refused_with_a_sentence(
    payload: dict[str, Any], open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    tab = open_tabs.tab(person("camille"))
    await tab.send(ADD, payload)
    assert (await tab.state(ProbeState)).count == 0
    assert (await tab.state(SessionState)).notice.sentence.key in ("web.bad_arguments", "web.too_long")


GOOD: dict[str, Any] = {
    "flag": True,
    "ratio": 1,
    "ids": [1, 2],
    "fields": {"nom": "Moreau"},
    "row": {"id": 3, "label": "x"},
    "text": "é" * 30_000,
}


def test_arguments_that_fit() -> None:
    check(ProbeState.event_handlers["typed"].fn, GOOD)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"flag": 1}, "wrong_type"),
        ({"flag": "true"}, "wrong_type"),
        ({"ratio": "1"}, "wrong_type"),
        ({"ratio": float("nan")}, "wrong_type"),
        ({"ids": [1, "2"]}, "wrong_type"),
        ({"ids": {"0": 1}}, "wrong_type"),
        ({"fields": {"nom": 5}}, "wrong_type"),
        ({"fields": {"nom": ["x"]}}, "wrong_type"),
        ({"row": {"id": "3"}}, "wrong_type"),
        ({"row": [3]}, "wrong_type"),
        ({"text": "é" * 30_001}, "too_long"),
        ({"text": 5}, "wrong_type"),
        ({"ids": list(range(100_000))}, "too_large"),
        ({"fields": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}}, "too_large"),
    ],
)
def test_arguments_that_do_not(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadArguments) as refused:
        check(ProbeState.event_handlers["typed"].fn, GOOD | change)
    assert refused.value.reason == reason


def form(*entries: Any, **more: Any) -> dict[str, Any]:
    """A submitted form as the browser sends it."""
    return GOOD | {"fields": {FORM_DATA_ENTRIES_KEY: list(entries)} | more}


def test_a_form_that_fits_is_let_through() -> None:
    typed = ProbeState.event_handlers["typed"].fn
    check(typed, form(["nom", "Moreau"], ["ville", ""]))
    check(typed, form(["ville", "Lyon"], ["ville", "Nantes"]))  # two fields of one name: the last counts
    check(typed, form())


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (form(["nom", 5]), "wrong_type"),
        (form(["nom", None]), "wrong_type"),
        (form(["nom", ["x"]]), "wrong_type"),
        (form([5, "x"]), "wrong_type"),
        (form([["nom"], "x"]), "wrong_type"),
        (form(["nom"]), "wrong_type"),
        (form(["nom", "x", "y"]), "wrong_type"),
        (form("nom"), "wrong_type"),
        (form(["nom", "x"], other="y"), "wrong_type"),
        (GOOD | {"fields": {FORM_DATA_ENTRIES_KEY: "nom"}}, "wrong_type"),
        (GOOD | {"ids": {FORM_DATA_ENTRIES_KEY: []}}, "wrong_type"),
        (form(["nom", "a\x00b"]), "unstorable"),
        (form(["nom", "x" * (MAX_STRING + 1)]), "too_long"),
        (form(*(["nom", "x" * MAX_STRING] for _ in range(14))), "too_large"),  # also what the last one hides
    ],
)
def test_a_form_that_does_not_fit_is_refused(payload: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadArguments) as refused:
        check(ProbeState.event_handlers["typed"].fn, payload)
    assert refused.value.reason == reason


async def test_a_handler_gets_the_fields_of_a_form(open_tabs: Browsers, person: Callable[[str], Actor]) -> None:
    tab = open_tabs.tab(person("camille"))
    await tab.send(name_of(ProbeState.fields), {"fields": {FORM_DATA_ENTRIES_KEY: [["nom", "Moreau"]]}})
    assert (await tab.state(ProbeState)).secret == "Moreau"


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(BadArguments, match="unannotated"):
        check(ProbeState.event_handlers["anything"].fn, {"value": 1})


@pytest.mark.parametrize("files", [[], "x", [{"file": "x"}], {"path": "/etc/passwd"}])
def test_files_come_from_the_upload_route_only(files: Any) -> None:
    with pytest.raises(BadArguments, match="wrong_type"):
        check(ProbeState.event_handlers["upload"].fn, {"files": files})


async def test_the_tab_of_somebody_else_is_empty(open_tabs: Browsers, person: Callable[[str], Actor]) -> None:
    """A token names a tree of states; whoever else comes with it (a thief, the next user) finds nothing in it."""
    first = open_tabs.tab(person("camille"), token="shared")
    await first.send(MINE)
    assert (await first.state(Tenancy))._user_id
    hydrate = "reflex___state____state.hydrate"
    for thief in (open_tabs.tab(None, token="shared"), open_tabs.tab(person("ines"), token="shared")):
        await thief.send(hydrate)
        assert "secret of" not in thief.seen
        assert "camille" not in thief.seen
    await thief.send(MINE)  # the next person of the tab goes on with it
    assert "secret of ines" in thief.seen


async def test_the_next_person_of_a_tab_may_begin_anywhere(open_tabs: Browsers, person: Callable[[str], Actor]) -> None:
    first = open_tabs.tab(person("camille"), token="shared")
    await first.send(MINE)
    second = open_tabs.tab(person("ines"), token="shared")
    await second.send(MINE)
    assert "secret of ines" in second.seen
    assert "camille" not in second.seen


async def test_signing_out_elsewhere_closes_the_tab(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    from smsapp.accounts import sessions

    actor = person("camille")
    tab = open_tabs.tab(actor)
    await tab.send(MINE)
    sessions.revoke_all(rt.db, actor.user_id)
    rt.people.forget_all()
    assert redirects(await tab.send(MINE)) == ["/login"]
    assert (await tab.state(ProbeState)).secret == ""


async def test_a_refusal_says_itself_and_a_failure_says_nothing_of_its_cause(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    tab = open_tabs.tab(person("camille"))
    await tab.send(name_of(ProbeState.signed_out_meanwhile))
    await tab.until("/login")
    await tab.send(name_of(ProbeState.refusing))
    await tab.until("accounts.wrong_sign_in")
    await tab.send(name_of(ProbeState.failing))
    await tab.until("web.failed")
    assert "0612345678" not in tab.seen
