"""The import page through its events: what is shown is of the file that is asked about, and what was typed stays."""

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Event, current_thread
from typing import Any

import pytest

from smsapp.accounts.actor import Actor
from smsapp.i18n.catalogue import translate
from smsapp.imports import service
from smsapp.imports.check_state import CheckState
from smsapp.imports.choices import Choices
from smsapp.imports.heavy import heavily
from smsapp.imports.jobs import Jobs
from smsapp.imports.result_state import ResultState
from smsapp.imports.routes import uploads
from smsapp.imports.sandbox import Reading
from smsapp.imports.state import SHOWN_COLUMNS, ImportState
from smsapp.web.runtime import Runtime
from tests.web.driver import Browsers, Tab, redirects

DESK, CHECK, RESULT = (state.get_full_name() for state in (ImportState, CheckState, ResultState))
ROWS = "Nom;Portable\nMoreau;06 39 98 22 10\nMarchand;06 39 98 48\nRey;06 39 98 1O 22\n"


def received(actor: Actor, rows: str) -> str:
    """The id of a file that its author has sent."""
    incoming = uploads().receive(actor, "clients.csv")
    incoming.write(rows.encode())
    return incoming.done().id


async def open_check(tab: Tab, file: str) -> CheckState:
    """The page of the check, opened as the browser opens it."""
    path = f"/import?file={file}&step=check"
    await tab.send(f"{DESK}.enter", path=path)
    await tab.send(f"{CHECK}.enter", path=path)
    state: CheckState = await tab.state(CheckState)
    return state


async def test_a_new_file_is_not_shown_with_the_figures_of_the_last(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """Between the file and its own check there are no figures at all."""
    tab = open_tabs.tab(person("camille"))
    await tab.send(f"{CheckState.get_full_name()}.enter", path="/import")
    (await tab.state(CheckState)).checked = True  # as a check leaves it
    await tab.send(f"{CheckState.get_full_name()}.enter", path="/import")
    assert not (await tab.state(CheckState)).checked
    assert not tab.failures


async def test_nothing_is_imported_before_its_check_is_there(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """A click while the rows are still being checked does nothing; the same click afterwards imports."""
    actor = person("camille")
    tab = open_tabs.tab(actor)
    file = received(actor, ROWS)
    rt.imports = Jobs(rt.db, uploads())
    path = f"/import?file={file}&step=check"
    state = await open_check(tab, file)
    state.checked = False  # as it is while the rows are being checked
    assert redirects(await tab.send(f"{CHECK}.run", path=path)) == []
    assert service.history(rt.db, actor) == []
    await open_check(tab, file)
    [there] = redirects(await tab.send(f"{CHECK}.run", path=path))
    rt.imports.stop()
    assert there == f"/import?done={service.history(rt.db, actor)[0].id}"


async def test_a_number_being_typed_stays_in_its_row(open_tabs: Browsers, person: Callable[[str], Actor]) -> None:
    """Another tab of the check, another row accepted, the page left and opened again: it is still there, with its hint."""
    actor = person("camille")
    tab = open_tabs.tab(actor)
    file = received(actor, ROWS)
    await open_check(tab, file)
    await tab.send(f"{CHECK}.type_number", {"row": 3, "number": "06 39 98 48 2"})

    def typed(state: CheckState) -> tuple[str, str]:
        [row] = [one for one in state.fates if one.row == 3]
        return row.text, row.hint.key

    kept = ("06 39 98 48 2", "imports.still_missing")
    await tab.send(f"{CHECK}.choose_tab", {"tab": "created"})
    await tab.send(f"{CHECK}.choose_tab", {"tab": "rejected"})
    assert typed(await tab.state(CheckState)) == kept
    await tab.send(f"{CHECK}.accept", {"row": 4})
    assert typed(await tab.state(CheckState)) == kept
    await tab.send(f"{DESK}.enter", path=f"/import?file={file}")
    await tab.send(f"{CHECK}.enter", path=f"/import?file={file}")
    assert typed(await open_check(tab, file)) == kept
    assert not tab.failures


async def test_a_file_is_found_as_it_was_left(open_tabs: Browsers, person: Callable[[str], Actor]) -> None:
    """After a restart of the server, or in another tab: columns, settings, repairs and what is being typed."""
    actor, other = person("camille"), person("voisin")
    tab = open_tabs.tab(actor)
    file = received(actor, ROWS)
    path = f"/import?file={file}"
    await tab.send(f"{DESK}.enter", path=path)
    await tab.send(f"{DESK}.map_column", {"index": 0, "field": "societe"}, path=path)
    await tab.send(f"{DESK}.set_group_name", {"name": "Salon"}, path=path)
    await tab.send(f"{DESK}.choose_policy", {"policy": "replace"}, path=path)
    before = await open_check(tab, file)
    await tab.send(f"{CHECK}.accept", {"row": 4}, path=path)
    await tab.send(f"{CHECK}.type_number", {"row": 3, "number": "06 39 98 48 2"}, path=path)
    again = open_tabs.tab(actor)
    check = await open_check(again, file)
    desk = await again.state(ImportState)
    assert [c.field for c in desk.columns] == ["societe", "portable"]
    assert (desk.group_name, desk.policy, desk.step) == ("Salon", "replace", "check")
    assert (check.counts, check.repaired, before.repaired) == (before.counts, 1, 1)
    assert [(fate.row, fate.text) for fate in check.fates] == [(3, "06 39 98 48 2")]
    stranger = open_tabs.tab(other)
    await stranger.send(f"{DESK}.enter", path=path)
    assert (await stranger.state(ImportState)).problem.key == "imports.upload_gone"
    assert "Salon" not in stranger.seen
    assert not tab.failures + again.failures


async def test_s73_a_column_is_the_reason_only_of_a_blacklist(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """The switch takes it by its header, or as it was chosen by hand; the book takes it for what it was before."""
    actor = person("camille")
    tab = open_tabs.tab(actor)
    file = received(actor, "Portable;Motif;Note\n0639982210;plainte;a\n")
    path = f"/import?file={file}"

    async def fields() -> list[str]:
        return [column.field for column in (await tab.state(ImportState)).columns]

    await tab.send(f"{DESK}.enter", path=path)
    assert await fields() == ["portable", "", ""]
    await tab.send(f"{DESK}.map_column", {"index": 1, "field": "motif"}, path=path)
    assert await fields() == ["portable", "", ""]
    await tab.send(f"{DESK}.set_blacklist", {"on": True}, path=path)
    assert await fields() == ["portable", "motif", ""]
    assert (await tab.state(ImportState)).columns[1].look == "sure"
    await tab.send(f"{DESK}.map_column", {"index": 2, "field": "motif"}, path=path)
    assert await fields() == ["portable", "", "motif"]
    await tab.send(f"{DESK}.set_blacklist", {"on": False}, path=path)
    assert await fields() == ["portable", "", ""]
    await tab.send(f"{DESK}.set_blacklist", {"on": True}, path=path)
    await tab.send(f"{DESK}.read_again", {"what": "header", "value": "1"}, path=path)
    assert await fields() == ["portable", "", "motif"]
    again = open_tabs.tab(actor)
    await again.send(f"{DESK}.enter", path=path)
    assert [column.field for column in (await again.state(ImportState)).columns] == ["portable", "", "motif"]
    assert not tab.failures + again.failures


async def test_s67_another_header_leaves_what_was_chosen_by_hand(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """The names below the titles are guessed; none, or another row, keeps the columns chosen by hand, also in a tab that
    an earlier version left; what is no row of the file is a sentence."""
    actor = person("camille")
    tab = open_tabs.tab(actor)
    file = received(actor, "Club de tir;;\n\nNom;Portable;Ville\nRey;0639982210;Lyon\n")
    path = f"/import?file={file}"

    async def said() -> tuple[str, int, int, list[str]]:
        state = await tab.state(ImportState)
        return state.header, state.above, state.count, [column.field for column in state.columns]

    async def say(value: str) -> None:
        await tab.send(f"{DESK}.read_again", {"what": "header", "value": value}, path=path)

    await tab.send(f"{DESK}.enter", path=path)
    guess = ("3", 2, 1, ["nom", "portable", ""])
    assert await said() == guess
    state = await tab.state(ImportState)
    lines = [(1, "Club de tir"), (3, "Nom · Portable · Ville"), (4, "Rey · 0639982210 · Lyon")]
    assert [(line.row, line.text) for line in state.header_lines] == lines
    for wrong in ("yes", "-1", "", "1" * 30, "1.5"):
        await say(wrong)
        assert await said() == guess
    await tab.send(f"{DESK}.map_column", {"index": 2, "field": "societe"}, path=path)
    await say("0")
    assert await said() == ("0", 0, 3, ["nom", "portable", "societe"])
    await say("1")
    assert await said() == ("1", 0, 2, ["", "", "societe"])
    await say("9")
    assert (await tab.state(ImportState)).problem.key == "imports.no_such_row"
    await say("3")
    assert await said() == ("3", 2, 1, ["nom", "portable", "societe"])
    kept = uploads().noted(actor, file)
    uploads().note(
        actor, file, {**kept, "desk": {**kept["desk"], "reading": {**kept["desk"]["reading"], "header": True}}}
    )
    tab = open_tabs.tab(actor)
    await tab.send(f"{DESK}.enter", path=path)
    assert await said() == ("1", 0, 2, ["nom", "portable", "societe"])
    assert not tab.failures


async def test_rows_that_another_column_brings_are_not_called_repaired(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """One row put right is one, also when the right column is chosen afterwards."""
    actor = person("camille")
    tab = open_tabs.tab(actor)
    file = received(actor, ROWS)
    await tab.send(f"{DESK}.enter", path=f"/import?file={file}")
    await tab.send(f"{DESK}.map_column", {"index": 0, "field": "portable"})
    assert (await open_check(tab, file)).counts.rejected == 3
    await tab.send(f"{CHECK}.type_number", {"row": 3, "number": "06 39 98 48 21"})
    await tab.send(f"{CHECK}.accept", {"row": 3})
    state = await tab.state(CheckState)
    assert (state.counts.rejected, state.repaired) == (2, 1)
    await tab.send(f"{DESK}.enter", path=f"/import?file={file}")
    await tab.send(f"{CHECK}.enter", path=f"/import?file={file}")
    await tab.send(f"{DESK}.map_column", {"index": 1, "field": "portable"})
    state = await open_check(tab, file)
    assert (state.counts.created, state.counts.rejected, state.repaired) == (2, 1, 1)


async def test_s33_a_rejected_row_is_judged_by_the_country_of_its_import(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """The result opened in a new tab: a Belgian number is right in an import of Belgian numbers, and typed text stays."""
    actor = person("camille")
    choices = Choices(Reading(), {0: "nom", 1: "portable"}, region="BE")
    done = service.run_import(rt.db, uploads(), actor, received(actor, ROWS), choices)
    tab = open_tabs.tab(actor)
    path = f"/import?done={done.id}"
    await tab.send(f"{DESK}.enter", path=path)
    await tab.send(f"{RESULT}.enter", path=path)
    await tab.send(f"{RESULT}.type_number", {"row": 3, "number": "0470 12 34 56"}, path=path)
    await tab.send(f"{RESULT}.enter", path=path)
    [row] = [one for one in (await tab.state(ResultState)).fates if one.row == 3]
    assert (row.text, row.ready, row.hint.key) == ("0470 12 34 56", True, "")
    before = done.rejected
    await tab.send(f"{RESULT}.accept", {"row": 3}, path=path)
    assert (await tab.state(ResultState)).counts.rejected == before - 1
    assert not tab.failures


async def test_an_import_that_runs_is_stopped_from_its_page(
    rt: Runtime, open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """It says so, offers the file again, and says when there was nothing left to stop; a stranger stops nothing."""
    actor, other = person("camille"), person("voisin")
    file = received(actor, ROWS)
    begun = service.begin_import(rt.db, uploads(), actor, file, Choices(Reading(), {0: "nom", 1: "portable"}))
    path = f"/import?done={begun}"
    tab, late, stranger = open_tabs.tab(actor), open_tabs.tab(actor), open_tabs.tab(other)
    for one in (tab, late, stranger):
        await one.send(f"{RESULT}.enter", path=path)
    await stranger.send(f"{RESULT}.stop", path=path)
    assert (await late.state(ResultState)).status == "running"
    for one in (tab, late):
        await one.send(f"{RESULT}.ask_stop", {"on": True}, path=path)
        assert (await one.state(ResultState)).stopping
    await tab.send(f"{RESULT}.stop", path=path)
    state = await tab.state(ResultState)
    assert (state.stopping, state.asking) == (False, False)
    assert (state.status, state.failure.key, state.file) == ("failed", "imports.stopped", file)
    sent = await late.send(f"{RESULT}.stop", path=path)
    left = await late.state(ResultState)
    assert (left.status, left.stopping, left.asking) == ("failed", False, False)
    assert "imports.over_already" in str(sent)
    assert service.preview(uploads(), actor, file).count == 3
    assert not tab.failures + late.failures


async def test_m13_the_check_shows_which_country_an_ambiguous_number_was_taken_for(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    actor = person("camille")
    tab = open_tabs.tab(actor)
    file = received(actor, "Nom;Portable\nRey;687751234\nRoi;0639982210\n")
    assert (await open_check(tab, file)).counts.ambiguous == 1
    await tab.send(f"{CHECK}.choose_tab", {"tab": "ambiguous"})
    [row] = (await tab.state(CheckState)).fates
    assert (row.row, row.name, row.value, row.why.key) == (2, "Rey", "+33 6 87 75 12 34", "imports.reads_also")
    said = translate("en", row.why.key, **row.why.params)
    assert said == "“687751234” is read as a number of FR, but could be +687 75.12.34 (NC)"
    assert not tab.failures


async def test_every_column_of_a_wide_file_can_be_chosen(open_tabs: Browsers, person: Callable[[str], Actor]) -> None:
    actor = person("camille")
    incoming = uploads().receive(actor, "large.csv")
    heads = [f"Colonne {'abcdefghij'[i % 10] * (i // 10 + 1)}" for i in range(99)]
    incoming.write(";".join([*heads, "Portable"]).encode() + b"\n" + b";".join([*[b"x"] * 99, b"0612345678"]))
    tab, address = open_tabs.tab(actor), f"/import?file={incoming.done().id}"
    await tab.send(f"{ImportState.get_full_name()}.enter", path=address)
    desk = await tab.state(ImportState)
    assert [c.index for c in desk.columns] == [*range(SHOWN_COLUMNS), 99], "what is recognised is shown wherever it is"
    while left := desk.hidden_columns:
        await tab.send(f"{ImportState.get_full_name()}.show_columns", path=address)
        desk = await tab.state(ImportState)
        assert desk.hidden_columns < left
    own = desk.columns[70].own
    await tab.send(f"{ImportState.get_full_name()}.map_column", {"index": 70, "field": own}, path=address)
    desk = await tab.state(ImportState)
    assert (len(desk.columns), desk.columns[70].field) == (100, own)
    assert len(desk.preview[0].cells) == 100
    assert not tab.failures


async def test_a_column_that_the_file_does_not_have_is_passed_over(
    open_tabs: Browsers, person: Callable[[str], Actor]
) -> None:
    """Whoever sends the event by hand neither breaks the page nor fills what is kept beside the file."""
    actor = person("camille")
    tab, path = open_tabs.tab(actor), f"/import?file={received(actor, ROWS)}"
    await tab.send(f"{DESK}.enter", path=path)
    for index in (2, -1, 10**12):
        await tab.send(f"{DESK}.map_column", {"index": index, "field": "portable"}, path=path)
    desk = await tab.state(ImportState)
    assert [column.field for column in desk.columns] == ["nom", "portable"]
    assert sorted(desk._mapping) == [0, 1]
    assert not tab.failures


async def test_files_are_read_a_few_at_a_time_beside_the_threads_of_the_other_pages(
    open_tabs: Browsers, person: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, names = open_tabs.tab(actor := person("camille")), set()

    def noted(work: Callable[..., Any], *args: Any) -> Any:
        names.add(current_thread().name.rsplit("_", 1)[0])
        return work(*args)

    for name in ("preview", "check"):
        monkeypatch.setattr(service, name, partial(noted, getattr(service, name)))
    await open_check(tab, received(actor, ROWS))
    assert names == {"import-desk"}
    done = Event()
    waiting = [asyncio.create_task(heavily(done.wait, 60)) for _ in range(40)]
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "an answer"), 30) == "an answer"
    done.set()
    assert all(await asyncio.gather(*waiting))
    assert not tab.failures
