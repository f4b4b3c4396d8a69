"""The address book page (board 03)."""

import reflex as rx

from smsapp.contacts import blacklist_page, duplicates_page, group_list_page
from smsapp.contacts.dialog_parts import dialogs
from smsapp.contacts.parts import BookSheet, book, tools
from smsapp.contacts.state import ContactsState as S
from smsapp.i18n import t
from smsapp.ui import book_tabs, button, link_button, notices
from smsapp.web.frame import PageSpec, frame


def contacts() -> rx.Component:
    """/contacts: search, groups, selection, the record beside the list."""
    figures = [
        t("contacts.count", count=S.contacts_count),
        t("contacts.count_groups", count=S.groups_count),
        t("contacts.count_blacklist", count=S.blacklist_count),
    ]
    facts = rx.cond(S.loaded, rx.el.span(figures[0], ", ", figures[1], ", ", figures[2]))
    return frame(
        BookSheet.create(),
        book_tabs("contacts"),
        tools(),
        book(),
        dialogs(),
        notices(S.deleted, action=t("contacts.undo"), on_action=S.undo),
        title=t("contacts.title"),
        active="contacts",
        facts=facts,
        actions=[
            button(t("contacts.new_group"), name="users", on_click=S.open_grouping),
            link_button(t("contacts.import"), "/import", role="surface", name="file-up"),
            button(t("contacts.new"), role="primary", name="user-plus", on_click=S.open_new),
        ],
    )


PAGES = [
    PageSpec("/contacts", contacts, "contacts.title", [S.enter]),
    *group_list_page.PAGES,
    *duplicates_page.PAGES,
    *blacklist_page.PAGES,
]
