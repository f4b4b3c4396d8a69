"""The import page through its events: what is shown is of the file that is asked about."""

from collections.abc import Callable

from smsapp.accounts.actor import Actor
from smsapp.imports.check_state import CheckState
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
