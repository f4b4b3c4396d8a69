"""The assembly: pages, routes and lifespan tasks meet here and nowhere else."""

import reflex as rx


def home() -> rx.Component:
    return rx.el.main(rx.heading("smsapp", as_="h1"))


app = rx.App()
app.add_page(home, route="/", title="smsapp")
