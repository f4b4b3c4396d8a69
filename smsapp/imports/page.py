"""The import page (board 04): file, columns, check, result."""

import reflex as rx

from smsapp.i18n import t
from smsapp.imports.check_parts import check_step
from smsapp.imports.check_state import CheckState as C
from smsapp.imports.columns_parts import columns_step
from smsapp.imports.outcome_parts import history, result_step
from smsapp.imports.parts import DeskSheet, file_step, foot, steps
from smsapp.imports.result_state import ResultState as R
from smsapp.imports.state import ImportState as S
from smsapp.web.frame import PageSpec, frame


def imports() -> rx.Component:
    """/import: the step is in the address."""
    return frame(
        DeskSheet.create(),
        rx.match(
            S.step,
            ("columns", columns_step()),
            ("check", check_step()),
            ("result", result_step()),
            file_step(history()),
        ),
        title=t("imports.title"),
        active="import",
        actions=[steps()],
        foot=rx.cond(S.step != "file", foot()),
        ruled=True,
    )


PAGES = [PageSpec("/import", imports, "imports.title", [S.enter, C.enter, R.enter, R.watch])]
