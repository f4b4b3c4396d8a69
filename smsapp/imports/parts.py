"""Pieces of the import desk: the steps, what went wrong, the file, the foot."""

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict

from smsapp.i18n import say, t
from smsapp.i18n.variables import PACKAGES
from smsapp.imports.check_state import CheckState as C
from smsapp.imports.state import ImportState as S
from smsapp.imports.uploads import MAX_BYTES
from smsapp.ui import button, link_button, note
from smsapp.ui.icons import icon

_STEPS = ("file", "columns", "check", "result")


class DeskSheet(rx.Fragment):
    """The style sheet of the import desk."""

    def add_imports(self) -> ImportDict:
        return {"": [rx.asset("desk.css", shared=True).importable_path]}


class Dropzone(rx.Component):
    """The React component that sends a file to our route; see `file_step`."""

    library = rx.asset("dropzone.jsx", shared=True).importable_path
    tag = "Dropzone"
    lib_dependencies: list[str] = ["lucide-react@1.26.0", *PACKAGES]  # noqa: RUF012 (a field of the component)

    action: rx.Var[str]
    limit: rx.Var[int]
    next: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    choose: rx.Var[str]
    sending: rx.Var[str]
    token: rx.Var[str]
    paste: rx.Var[str]
    example: rx.Var[str]
    pasted: rx.Var[str]
    take: rx.Var[str]


def steps() -> Component:
    """Where one is: past steps ticked, the present one filled."""

    def one(place: int, name: str) -> Component:
        here = _place()
        look = rx.cond(here == place, "now", rx.cond(here > place, "past", ""))
        mark = rx.cond(here > place, icon("check"), rx.el.span(str(place + 1)))
        current = rx.cond(here == place, "step", "false")
        return rx.el.li(
            rx.el.span(mark, class_name="no"),
            rx.el.span(t(f"imports.step_{name}"), class_name="w"),
            class_name=look,
            custom_attrs={"aria-current": current},
        )

    return rx.el.ol(*(one(i, name) for i, name in enumerate(_STEPS)), class_name="steps", aria_label=t("imports.steps"))


def _place() -> rx.Var[int]:
    return rx.match(S.step, *((name, i) for i, name in enumerate(_STEPS)), 0).to(int)


def problem() -> Component:
    """What went wrong, with the way out."""
    return rx.cond(S.problem.key != "", note(say(S.problem), tone="red", alert=True))


def file_step(past: Component) -> Component:
    """Drop, choose or paste a file, and what happens to it; below, the imports of the ``past``."""
    zone = Dropzone.create(
        action="/import/files",
        limit=MAX_BYTES,
        next="/import?file=",
        label=t("imports.drop"),
        hint=t("imports.drop_hint", megabytes=MAX_BYTES >> 20),
        choose=t("imports.choose"),
        sending=t("imports.sending", name="\u0001"),
        token=S.token,
        paste=t("imports.paste"),
        example=t("imports.paste_example"),
        pasted=t("imports.pasted_name"),
        take=t("imports.take_pasted"),
    )
    promises = [("scan-text", "columns"), ("list-checks", "numbers"), ("shield-check", "stop")]
    side = rx.el.div(
        rx.el.p(t("imports.example"), class_name="t2 mut"),
        rx.el.div(
            *(rx.el.div(icon(name), rx.el.span(t(f"imports.reassure_{key}"))) for name, key in promises),
            class_name="reassure",
        ),
        class_name="side-col",
    )
    return rx.el.div(rx.el.div(problem(), zone, past, class_name="main-col"), side, class_name="desk")


def foot() -> Component:
    """The way back and the way on, which stay in sight, with what keeps one from going on."""
    back = link_button(t("imports.other_file"), "/import", role="surface", name="arrow-left")
    return rx.match(
        S.step,
        (
            "columns",
            rx.fragment(
                problem(),
                rx.el.div(
                    back,
                    button(
                        t("imports.do_check", count=S.count), role="primary", name="list-checks", on_click=S.ask_check
                    ),
                    class_name="desk-foot",
                ),
            ),
        ),
        (
            "check",
            rx.fragment(
                problem(),
                rx.el.div(
                    link_button(t("imports.back_columns"), S.columns_url, role="surface", name="arrow-left"),
                    rx.cond(
                        C.checked,
                        button(
                            rx.cond(
                                S.blacklist,
                                t("imports.do_blacklist", count=C.counts.created),
                                t("imports.do_import", count=C.counts.imported),
                            ),
                            role="primary",
                            name="file-up",
                            busy=C.busy,
                            on_click=C.run,
                        ),
                    ),
                    class_name="desk-foot",
                ),
            ),
        ),
        (
            "result",
            rx.el.div(
                link_button(t("imports.again"), "/import", role="surface", name="file-up"), class_name="desk-foot"
            ),
        ),
        rx.fragment(),
    )
