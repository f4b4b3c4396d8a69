"""The import page through its events: what is shown is of the file that is asked about."""

from collections.abc import Callable

from smsapp.accounts.actor import Actor
from smsapp.imports.check_state import CheckState
from smsapp.imports.routes import uploads
from smsapp.imports.state import SHOWN_COLUMNS, ImportState
from tests.web.driver import Browsers


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
