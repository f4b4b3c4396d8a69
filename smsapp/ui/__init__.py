"""The design system: every visible piece of the product, and nothing of any room (design guide; tokens in theme.css)."""

from smsapp.ui.choices import Choice, chip, menu, menu_item, pagination, segmented, tabs
from smsapp.ui.composer import composer, composer_stats, culprit_list, insert_at_caret, replace_in_composer
from smsapp.ui.cost import cost_line, segment_ruler
from smsapp.ui.design import install, monospace
from smsapp.ui.dialogs import closing, confirm, dialog
from smsapp.ui.forms import (
    button,
    checkbox,
    described,
    field,
    help_line,
    icon_button,
    link_button,
    password_field,
    plain_form,
    search_field,
    select,
    select_field,
    text_area,
    text_field,
)
from smsapp.ui.icons import icon
from smsapp.ui.layout import avatar, card, empty_state, facts, figure, grid, kbd, link, more, note, phone, progress, skeleton
from smsapp.ui.handset import bubble, phone_frame
from smsapp.ui.shell import Session, language_switch, public_shell, shell, theme_toggle
from smsapp.ui.status import delivery_bar, delivery_legend, live_dot, status_badge, tag
from smsapp.ui.table import Column, bulk_bar, data_table
from smsapp.ui.widgets import notices, picker, recipients

__all__ = [
    "Choice", "Column", "Session", "avatar", "bubble", "bulk_bar", "button", "card", "checkbox", "chip",
    "closing", "composer", "composer_stats", "confirm", "cost_line", "culprit_list", "data_table", "delivery_bar",
    "delivery_legend", "described", "dialog", "empty_state", "facts", "field", "figure", "grid", "help_line", "icon",
    "icon_button", "insert_at_caret", "install", "kbd", "language_switch", "link", "link_button", "live_dot", "menu",
    "menu_item", "monospace", "more", "note", "notices", "pagination", "password_field", "phone", "phone_frame", "picker",
    "plain_form", "progress", "public_shell", "recipients", "replace_in_composer", "search_field", "segment_ruler",
    "segmented", "select", "select_field", "shell", "skeleton", "status_badge", "tabs", "tag", "text_area", "text_field",
    "theme_toggle",
]  # fmt: skip
