"""Pieces of the simulator: destinations, file, type, message, the top of the page (board 06). See `price_parts`."""

from typing import Any

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var

from smsapp.domain.template import VARIABLES
from smsapp.i18n import t
from smsapp.simulator.drops import MAX_BYTES
from smsapp.simulator.screen import RowItem
from smsapp.simulator.service import ASSUMED
from smsapp.simulator.state import SimulatorState as S
from smsapp.simulator.territories import codes
from smsapp.simulator.widget_parts import FileDrop, country_picker
from smsapp.ui import (
    Choice,
    composer,
    composer_stats,
    culprit_list,
    icon_button,
    insert_at_caret,
    link_button,
    segment_ruler,
    segmented,
    tag,
)
from smsapp.ui.icons import icon

SMS = "sms"
KEYS = 60  # ms after the last key until the price is asked for


def destinations() -> Component:
    """Countries and volumes, or the file in their place."""
    file = S.file
    total = rx.el.span(t("simulator.total", count=S.shown.recipients), class_name="t2 mut num end")
    rows = rx.fragment(
        rx.el.div(rx.foreach(S.rows, _row), class_name="sim-rows"),
        rx.el.button(icon("plus"), t("simulator.add"), type="button", class_name="lightbtn", on_click=S.add_row),
    )
    found = rx.el.ul(
        rx.el.li(t("simulator.file_kept", count=file.kept)),
        rx.cond(file.duplicates > 0, rx.el.li(t("simulator.file_duplicates", count=file.duplicates))),
        rx.cond(file.unreadable > 0, rx.el.li(t("simulator.file_unreadable", count=file.unreadable))),
        rx.cond(file.uncovered > 0, rx.el.li(t("simulator.file_uncovered", count=file.uncovered))),
        class_name="sim-found",
    )
    drop = FileDrop.create(
        action="/simulator/file",
        ask=S.ask,
        limit=MAX_BYTES,
        name=file.name,
        label=t("simulator.drop"),
        choose=t("simulator.choose"),
        hint=t("simulator.drop_hint"),
        busy=t("simulator.drop_busy"),
        again=t("simulator.drop_remove"),
        on_priced=S.take_file,
        on_removed=S.drop_file,
    )
    return rx.el.section(
        rx.el.div(rx.el.h2(t("simulator.destinations"), class_name="h2"), total, class_name="row g8"),
        rx.cond(file.name == "", rows, found),
        drop,
        class_name="col g10",
    )


def _row(row: Var[RowItem]) -> Component:
    wrong = row.problem.key != ""
    price = rx.cond(
        row.price > 0,
        rx.fragment("× ", t("simulator.credits_short", units=row.price), rx.cond(row.sample, " *", "")),
        t("simulator.no_price"),
    )
    return rx.el.div(
        country_picker(
            countries=codes(),
            code=row.territory,
            label=t("simulator.country"),
            none=t("simulator.no_country"),
            on_pick=lambda code: S.set_country(row.id, code),
        ),
        rx.el.input(
            value=row.count,
            on_change=lambda count: S.set_volume(row.id, count),
            debounce_timeout=KEYS,
            id=f"volume-{row.id}",
            class_name="inp num right",
            input_mode="numeric",
            auto_complete="off",
            max_length=16,
            aria_label=t("simulator.people"),
            custom_attrs={"aria-invalid": rx.cond(wrong, "true", "false")},
        ),
        rx.el.span(price, class_name="t2 mut nw sim-unit"),
        icon_button("x", t("simulator.remove"), on_click=S.remove_row(row.id)),
        key=row.id,
        class_name="sim-row",
    )


def options() -> Component:
    """Type of message, sender, STOP mention."""

    def priced(key: str, units: Var[int]) -> Var[str]:
        return rx.cond(units > 0, t(f"simulator.{key}_price", units=units), t(f"simulator.{key}"))

    types = [
        Choice("pro", priced("pro", S.pro_price), icon="message-square"),
        Choice("voice", priced("voice", S.voice_price), icon="phone-call"),
    ]

    def switch(key: str, on: Any, change: Any) -> Component:
        return rx.el.label(
            rx.switch(checked=on, on_change=change, size="1", color_scheme="indigo"),
            rx.el.span(t(f"simulator.{key}"), class_name="t2"),
            class_name="row g8 sim-switch",
        )

    more = rx.el.div(
        switch("sender_on", S.sender, S.set_sender), switch("stop_on", S.stop, S.set_stop), class_name="row wrap g16"
    )
    return rx.el.section(
        rx.el.h2(t("simulator.type"), class_name="h2"),
        segmented(types, S.sms_type, t("simulator.type"), S.choose_type),
        rx.cond(S.sms_type == "pro", more),
        class_name="col g10 sim-type",
    )


def message() -> Component:
    """The text, what it takes, and the letters that cost."""
    stats = composer_stats(SMS)
    unicode = stats.encoding == "UCS-2"
    encoding = rx.cond(unicode, tag("Unicode", tone="amber", name="type"), tag("GSM-7", tone="indigo", name="type"))
    tools = [
        rx.el.button(
            icon("plus"),
            f"${name}",
            type="button",
            class_name="var i12",
            aria_label=t("simulator.insert", variable=f"${name}"),
            on_click=insert_at_caret(SMS, f"${name}"),
        )
        for name in ("prenom", "nom", *(v for v in VARIABLES if v not in ("prenom", "nom")))
    ]
    counted = rx.el.div(
        rx.el.div(
            encoding,
            rx.el.span(t("simulator.characters", count=stats.characters), class_name="num"),
            rx.el.span(t("simulator.segments_count", count=stats.segments), class_name="num b6"),
            class_name="row wrap g10 t2",
        ),
        rx.cond(stats.segments <= 12, segment_ruler(stats.fills, stats.capacity, stats.encoding)),
        rx.cond(
            stats.culprits.length() > 0,
            culprit_list(SMS),
            rx.el.div(t("simulator.clean"), class_name="t2 mut"),
        ),
        rx.cond(S.suffix != "", rx.el.div(t("simulator.mention", mention=S.suffix.strip()), class_name="t2 mut")),
        class_name="sms-under col g10",
    )
    assumed = rx.cond(
        S.text.contains("$") & (S.file.name == ""),
        rx.el.div(t("simulator.assumed", name=ASSUMED["prenom"]), class_name="t2 mut"),
    )
    return rx.el.section(
        rx.el.h2(t("simulator.message"), class_name="h2"),
        rx.el.div(
            rx.el.div(*tools, class_name="sms-tools"),
            composer(
                SMS,
                value=S.text,
                version=S.version,
                on_value=S.typed,
                label=t("simulator.message"),
                placeholder=t("simulator.message_hint"),
                rows=6,
                values=ASSUMED,
                suffix=S.suffix,
                delay=KEYS,
            ),
            rx.cond(S.sms_type == "pro", counted),
            class_name="sms-frame",
        ),
        assumed,
        class_name="col g10",
    )


def navigation(signed_in: Any, here: str) -> list[Component]:
    """The top of the public pages of prices."""

    def one(key: str, href: str) -> Component:
        current = {"aria-current": "page"} if href == here else {}
        return rx.el.a(t(key), href=href, class_name="sim-nav", custom_attrs=current)

    way_in = rx.cond(
        signed_in,
        link_button(t("ui.nav.dashboard"), "/dashboard", role="soft"),
        rx.fragment(
            rx.el.a(t("accounts.sign_in"), href="/login", class_name="sim-nav sim-in"),
            link_button(t("accounts.create_account"), "/signup", role="soft"),
        ),
    )
    return [one("simulator.nav_pricing", "/pricing"), one("simulator.nav", "/simulator"), way_in]
