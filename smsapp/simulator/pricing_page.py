"""The public price list: packs, and what a message costs in each country (S10, S76, S80-S83)."""

import reflex as rx
from reflex.components.component import Component
from reflex.vars import Var

from smsapp.accounts.parts import prices
from smsapp.i18n import money, number, t
from smsapp.simulator.parts import navigation
from smsapp.simulator.state import PricingState as S
from smsapp.simulator.widget_parts import Sheet, price_table
from smsapp.ui import public_shell, skeleton
from smsapp.web.frame import PageSpec


def pricing() -> Component:
    """/pricing: packs and the international table, searched and printed in the browser."""
    heads = ["country", "calling_code", "pro", "pro_sender", "voice"]
    words = {
        "search": t("simulator.table_search"),
        "print": t("simulator.table_print"),
        "lost": t("simulator.connection_lost"),
        "title": t("simulator.table_title"),
        "sample": t("simulator.sample"),
        "none": t("simulator.no_country"),
        "heads": [t(f"simulator.{key}") for key in heads],
    }
    table = price_table(source="/pricing/table.json", words=words)
    return public_shell(
        Sheet.create(),
        rx.el.div(
            rx.el.h1(t("simulator.pricing_title")),
            rx.el.p(t("simulator.pricing_lead"), class_name="mut"),
            class_name="sim-head",
        ),
        rx.el.section(
            rx.el.div(rx.el.h2(t("simulator.packs_title"), class_name="h2"), class_name="sim-pad"),
            rx.cond(S.ready, _packs(), skeleton(6)),
            class_name="card sim-table pricing",
        ),
        rx.el.section(
            rx.el.h2(t("simulator.table_title"), class_name="h2"),
            rx.el.p(t("simulator.table_lead"), class_name="t2 mut"),
            table,
            rx.el.p(t("simulator.sample_why"), class_name="t2 mut"),
            rx.cond(S.ready, rx.el.p(t("simulator.version", version=S.version), class_name="t2 mut")),
            class_name="card pricing-table",
        ),
        top=navigation(S.signed_in, "/pricing"),
        foot=prices(),
    )


def _packs() -> Component:
    heads = [("pack", ""), ("rate", "r"), ("price", "r"), ("price_taxed", "r")]

    def line(pack: Var[dict[str, float]]) -> Component:
        return rx.el.tr(
            rx.el.td(t("simulator.credits_count", units=pack["credits"] * 10_000)),
            rx.el.td(t("simulator.euros", amount=number(pack["rate"], 4)), class_name="r"),
            rx.el.td(money(pack["euros"]), class_name="r b6"),
            rx.el.td(money(pack["taxed"]), class_name="r"),
        )

    table = rx.el.table(
        rx.el.thead(rx.el.tr(*(rx.el.th(t(f"simulator.{key}"), scope="col", class_name=look) for key, look in heads))),
        rx.el.tbody(rx.foreach(S.packs, line)),
        class_name="tb",
    )
    reference = t("simulator.reference_credit", euros=t("simulator.euros", amount=number(S.reference, 4)), vat=S.vat)
    note = rx.el.div(
        rx.el.p(reference),
        rx.el.p(t("simulator.packs_note")),
        class_name="t2 mut sim-pad col g4",
    )
    return rx.fragment(table, note)


PAGES = [
    PageSpec(
        "/pricing",
        pricing,
        "simulator.pricing_page_title",
        [S.enter],
        signed_in=False,
        description_key="simulator.pricing_description",
    )
]
