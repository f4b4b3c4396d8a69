"""The look: style sheets and typefaces, and what stands once around all pages (`install`)."""

import reflex as rx
from reflex.components.component import Component
from reflex_base.utils.imports import ImportDict
from reflex_base.vars.function import ArgsFunctionOperation
from reflex_components_core.base.error_boundary import ErrorBoundary

from smsapp.i18n import DEFAULT, t
from smsapp.i18n.variables import PACKAGES, packages
from smsapp.ui.icons import icon

_SHEETS = {name: rx.asset(f"{name}.css", shared=True) for name in ("theme", "pieces", "shell", "design")}


class Design(rx.Fragment):
    """Style sheets and Inter, bundled by the build (the browser fetches only the subset that a page uses)."""

    def add_imports(self) -> ImportDict:
        return packages("@fontsource-variable/inter@5.3.0", *PACKAGES) | {
            "": ["@fontsource-variable/inter/opsz.css", _SHEETS["design"].importable_path]
        }


class Monospace(rx.Fragment):
    """JetBrains Mono, for pages that show variables."""

    def add_imports(self) -> ImportDict:
        return packages("@fontsource/jetbrains-mono@5.3.0") | {"": ["@fontsource/jetbrains-mono/latin-500.css"]}


def monospace() -> Component:
    """Put it once on a page that shows `$prenom` and its like."""
    return Monospace.create()


def offline_banner() -> Component:
    """Shown while the server cannot be reached; the page keeps what it shows, and comes back by itself."""
    said = rx.el.div(icon("wifi-off"), t("ui.offline"), class_name="toast")
    return rx.connection_banner(rx.el.div(said, role="status", class_name="offline"))


def _error_boundary(stateful: bool) -> Component:
    """Instead of a page that cannot be drawn: a sentence and the way out. The handler of the app is told, when there
    is one.
    """
    again = rx.el.a(t("ui.broken.again"), href="", class_name="lk", reload_document=True)
    said = rx.el.main(rx.el.h1(t("ui.broken")), rx.el.p(t("ui.broken.why")), again, class_name="broken", role="alert")
    shown = ArgsFunctionOperation.create(("event_args",), rx.Var.create(said))
    return ErrorBoundary.create(fallback_render=shown, **({} if stateful else {"on_error": rx.noop()}))


def install(app: rx.App) -> None:
    """Give an app the look: sheets, typeface, the offline sentence; Reflex's own toaster and English banner leave."""
    app.toaster = None
    app.html_lang = DEFAULT
    app.head_components = [*app.head_components, rx.el.link(rel="icon", type="image/svg+xml", href="/favicon.svg")]
    app.app_wraps[55, "ErrorBoundary"] = _error_boundary
    app.app_wraps[5, "Overlay"] = lambda stateful: rx.fragment(offline_banner()) if stateful else None
    app.extra_app_wraps[6, "Design"] = lambda stateful: Design.create()
