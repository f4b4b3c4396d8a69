"""The assembly: pages, guard, routes and lifespan meet here and nowhere else. No logic."""

import contextlib
import functools
from collections.abc import AsyncIterator

import reflex as rx

from smsapp import ui
from smsapp.accounts import page as accounts
from smsapp.campaigns import page as campaigns
from smsapp.contacts import blacklist_routes
from smsapp.contacts import page as contacts
from smsapp.contacts import routes as contact_routes
from smsapp.demo import page as demo
from smsapp.demo import routes as demo_routes
from smsapp.imports import page as imports
from smsapp.imports import routes as import_routes
from smsapp.inbox import opt_out_routes
from smsapp.inbox import page as inbox
from smsapp.inbox import routes as inbox_routes
from smsapp.operator import page as operator
from smsapp.planning import page as planning
from smsapp.reports import page as reports
from smsapp.reports import passport_routes
from smsapp.settings import UnsafeSettings, load
from smsapp.simulator import page as simulator
from smsapp.simulator import routes as simulator_routes
from smsapp.web import doors, failures, frame, guard, home, hooks, http, life, logs
from smsapp.web.pages import pages

logs.install()

try:
    settings = load()
except UnsafeSettings as error:
    raise SystemExit(f"smsapp cannot start: {error}") from None

PAGES = [
    *home.PAGES,
    *accounts.PAGES,
    *reports.PAGES,
    *inbox.PAGES,
    *campaigns.PAGES,
    *planning.PAGES,
    *contacts.PAGES,
    *imports.PAGES,
    *demo.PAGES,
    *operator.PAGES,
    *simulator.PAGES,
]
ROUTES = http.routes(
    [
        *contact_routes.ROUTES,
        *hooks.ROUTES,
        *import_routes.ROUTES,
        *inbox_routes.ROUTES,
        *demo_routes.ROUTES,
        *opt_out_routes.ROUTES,
        *blacklist_routes.ROUTES,
        *passport_routes.ROUTES,
        *simulator_routes.ROUTES,
    ]
)

app = rx.App(
    backend_exception_handler=failures.on_failure,
    frontend_exception_handler=failures.on_browser_failure,
)
app.api_transformer = [
    ROUTES,
    functools.partial(doors.doors, app),
    functools.partial(pages, https=settings.secure_cookies),
]
app.add_middleware(guard.Guard())
ui.install(app)
frame.add_pages(app, PAGES)


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[None]:
    async with life.life(app, settings):
        yield


app.register_lifespan_task(running)
