"""Icons: Lucide, 16 px, always decoration beside words (or inside a control that has a label of its own)."""

import reflex as rx
from reflex.components.component import Component


def icon(name: str) -> Component:
    """A Lucide icon by its kebab name: `icon("check-check")`."""
    return rx.icon(name, custom_attrs={"aria-hidden": "true"})
