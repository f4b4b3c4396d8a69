"""The sign-in and sign-up pages."""

import reflex as rx

from smsapp.accounts.parts import demonstration, other_page, prices, showcase
from smsapp.accounts.state import EntranceState
from smsapp.i18n import say, t
from smsapp.ui import button, checkbox, note, password_field, plain_form, public_shell, text_field
from smsapp.web.frame import PageSpec


def _head(title: rx.Var[str], lead: rx.Component | rx.Var[str]) -> rx.Component:
    return rx.el.div(rx.el.h1(title), rx.el.p(lead, class_name="mut"), class_name="col g4")


def login() -> rx.Component:
    """/login: identifiant or e-mail, and the password."""
    refusal = EntranceState.sign_in_refusal
    return public_shell(
        _head(t("accounts.sign_in_title"), t("accounts.sign_in_lead")),
        rx.cond(refusal.key != "", note(say(refusal), tone="red", alert=True)),
        plain_form(
            text_field(
                "name",
                t("accounts.name_or_email"),
                default_value=EntranceState.name,
                auto_complete="username",
                auto_focus=True,
                required=True,
                max_length=254,
                auto_capitalize="none",
                spell_check=False,
            ),
            password_field(
                "password", t("accounts.password"), auto_complete="current-password", required=True, max_length=200
            ),
            checkbox(t("accounts.keep"), name="keep", value="1", default_checked=True),
            button(t("accounts.sign_in"), role="primary", submit=True),
            action="/auth/login",
        ),
        demonstration(),
        other_page(t("accounts.no_account"), t("accounts.create_account"), "/signup"),
        aside=showcase(),
        foot=prices(),
    )


def signup() -> rx.Component:
    """/signup: e-mail, identifiant, the password twice."""
    refusal = EntranceState.sign_up_refusal
    lead = rx.cond(
        EntranceState.trial,
        t("accounts.sign_up_lead_trial", count=EntranceState.free_credits),
        t("accounts.sign_up_lead"),
    )
    return public_shell(
        _head(t("accounts.sign_up_title"), lead),
        rx.cond(refusal.key != "", note(say(refusal), tone="red", alert=True)),
        plain_form(
            text_field(
                "email",
                t("accounts.email"),
                type="email",
                default_value=EntranceState.email,
                error=say(EntranceState.email_problem),
                auto_complete="email",
                auto_focus=True,
                required=True,
                max_length=254,
            ),
            text_field(
                "identifiant",
                t("accounts.identifiant"),
                hint=t("accounts.identifiant_hint"),
                default_value=EntranceState.identifiant,
                error=say(EntranceState.identifiant_problem),
                auto_complete="username",
                required=True,
                max_length=32,
                auto_capitalize="none",
                spell_check=False,
            ),
            password_field(
                "password",
                t("accounts.password"),
                hint=t("accounts.password_hint"),
                error=say(EntranceState.password_problem),
                auto_complete="new-password",
                required=True,
                max_length=200,
            ),
            password_field(
                "again",
                t("accounts.password_again"),
                error=say(EntranceState.again_problem),
                auto_complete="new-password",
                required=True,
                max_length=200,
            ),
            rx.el.p(t("accounts.consent"), class_name="t2 mut"),
            button(t("accounts.sign_up"), role="primary", submit=True),
            action="/auth/signup",
        ),
        other_page(t("accounts.have_account"), t("accounts.sign_in"), "/login"),
        aside=showcase(),
        foot=prices(),
    )


PAGES = [
    PageSpec("/login", login, "accounts.sign_in_title", [EntranceState.enter], signed_in=False),
    PageSpec("/signup", signup, "accounts.sign_up_title", [EntranceState.enter], signed_in=False),
]
