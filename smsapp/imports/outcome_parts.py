"""The last step of an import: its progress, what it did, the way back; and the imports of the past (board 04)."""

from typing import Any

import reflex as rx
from reflex.components.component import Component

from smsapp.i18n import message, moment, number, say, t
from smsapp.imports.parts import problem
from smsapp.imports.repair_parts import FileLink, rejected_card
from smsapp.imports.result_state import ResultState as R
from smsapp.imports.shown import PastImport
from smsapp.imports.undo import Kept
from smsapp.ui import Column, button, card, confirm, data_table, link, link_button, note, progress, skeleton
from smsapp.ui.icons import icon


def result_step() -> Component:
    """The import of the address, wherever it stands."""
    return rx.match(
        R.status,
        ("running", _running()),
        ("done", _done()),
        ("undoing", _undoing()),
        ("undone", _undone()),
        ("failed", _failed()),
        rx.el.div(problem(), skeleton(6)),
    )


def _running() -> Component:
    """Rows, speed and time left; the page may be left meanwhile."""
    told = rx.el.div(
        rx.cond(
            R.counts.read > 0,
            rx.el.span(t("imports.progress", done=R.rows, total=R.counts.read), class_name="b5"),
            rx.el.span(t("imports.reading"), class_name="b5"),
        ),
        rx.cond(
            R.speed > 0,
            rx.el.span(
                t("imports.speed", rows=R.speed), ", ", t("imports.time_left", count=R.left), class_name="t2 mut"
            ),
        ),
        class_name="row g10 wrap",
        role="status",
    )
    return rx.el.div(
        problem(),
        card(
            rx.el.div(
                rx.el.h2(t("imports.running", name=R.filename), class_name="b6"),
                progress(R.rows, rx.cond(R.counts.read > 0, R.counts.read, 1), t("imports.progress_label")),
                told,
                rx.el.div(
                    rx.el.p(t("imports.may_leave"), class_name="t2 mut f1"), _stop_button(), class_name="row g10 wrap"
                ),
                class_name="col g10",
            )
        ),
        class_name="col g16",
    )


def _stop_button() -> Component:
    return confirm(
        title=t("imports.stop_title", name=R.filename),
        say=rx.cond(R.to_blacklist, t("imports.stop_blacklist"), t("imports.stop_why")),
        keep=button(t("imports.stop_keep"), role="surface"),
        go=button(t("imports.stop"), role="danger", on_click=R.stop),
        open=R.stopping,
        on_open_change=R.ask_stop,
        trigger=button(t("imports.stop"), role="surface", name="circle-x"),
    )


def _undoing() -> Component:
    return rx.el.div(card(rx.el.h2(t("imports.undoing", name=R.filename), class_name="b6"), skeleton(3)))


def _failed() -> Component:
    return rx.el.div(
        note(
            rx.el.span(t("imports.did_not", name=R.filename), class_name="b6"),
            rx.el.p(say(R.failure)),
            tone="red",
            alert=True,
        ),
        rx.cond(
            R.to_blacklist,
            rx.el.p(t("imports.blacklisted_stay"), class_name="t2 mut"),
            rx.cond(R.undone.kept > 0, _kept(), rx.el.p(t("imports.nothing_kept"), class_name="t2 mut")),
        ),
        rx.cond(R.file != "", link(t("imports.same_file"), f"/import?file={R.file}")),
        class_name="col g16",
    )


def _kept() -> Component:
    """What was edited since and stays."""

    def one(kept: rx.Var[Kept]) -> Component:
        fields = rx.foreach(
            kept.fields,
            lambda name: rx.el.span(
                rx.cond(name.startswith("+"), name, message("imports.kept_" + name)), class_name="tagw"
            ),
        )
        return rx.el.li(link(kept.name, "/contacts?open=" + kept.id.to_string()), " ", fields, class_name="row g8 wrap")

    return rx.el.div(
        rx.el.p(t("imports.undone_kept", count=R.undone.kept), class_name="b5"),
        rx.el.ul(rx.foreach(R.undone_named, one), class_name="kept-list"),
    )


def _undone() -> Component:
    """What was put back, and what was edited since and stays."""
    return rx.el.div(
        card(
            rx.el.div(
                rx.el.h2(t("imports.undone", name=R.filename), class_name="b6"),
                rx.el.p(
                    t("imports.undone_removed", count=R.undone.removed),
                    ", ",
                    t("imports.undone_restored", count=R.undone.restored),
                    class_name="t2 mut",
                ),
                rx.cond(R.undone.kept > 0, _kept()),
                class_name="col g10",
            )
        ),
        class_name="col g16",
    )


def _done() -> Component:
    """What was done, and where to go from here."""
    return rx.el.div(
        problem(),
        rx.el.div(_head(), _bar(), class_name="done-card"),
        rx.el.div(
            _sum(
                "imported",
                "user-check",
                rx.cond(R.to_blacklist, R.counts.created, R.counts.imported),
                rx.cond(R.to_blacklist, t("imports.now_blacklisted"), _what_became()),
                "good",
            ),
            _sum("duplicates", "copy", R.counts.duplicates, t("imports.duplicates_why")),
            _sum("blacklisted", "ban", R.counts.blacklisted, t("imports.blacklisted_why")),
            _sum(
                "rejected_done",
                "circle-x",
                R.counts.rejected,
                rx.cond(
                    R.counts.repairable > 0,
                    t("imports.in_one_click", count=R.counts.repairable),
                    t("imports.rejected_why"),
                ),
                "wrong",
            ),
            class_name="sums",
        ),
        rejected_card(
            R,
            take="imports.bring",
            why_none=rx.cond(R.to_blacklist, t("imports.all_blacklisted"), t("imports.none_rejected_why")),
            download=_download(),
        ),
        class_name="col g16 done",
    )


def _what_became() -> Component:
    """The parts of what was brought in, without those that are nothing."""
    counts = R.counts
    parts = [
        rx.cond(count > 0, rx.el.span(t(f"imports.part_{name}", rows=count)))
        for name, count in (("created", counts.created), ("completed", counts.completed), ("known", counts.known))
    ]
    return rx.cond(counts.imported > 0, rx.el.span(*parts, class_name="parts"), t("imports.part_none"))


def _head() -> Component:
    group = rx.cond(R.group_made, t("imports.done_group_made", name=R.group), t("imports.done_group", name=R.group))
    return rx.el.div(
        icon("circle-check"),
        rx.el.div(
            rx.el.h2(t("imports.done", name=R.filename), class_name="b6"),
            rx.el.div(
                t("imports.done_read", count=R.counts.read),
                " ",
                rx.cond(R.seconds < 0.1, t("imports.at_once"), t("imports.in_seconds", seconds=R.seconds)),
                rx.cond(R.counts.above > 0, rx.fragment(", ", t("imports.left_out", count=R.counts.above))),
                rx.cond(R.group != "", rx.fragment(", ", group)),
                class_name="t2 mut",
            ),
            rx.cond(R.groups_made_count > 0, _groups_made()),
            class_name="f1",
        ),
        rx.el.div(
            rx.cond(R.can_undo, _undo_button()),
            rx.cond(
                R.group_id > 0,
                rx.fragment(
                    link_button(t("imports.see_group"), f"/contacts?group={R.group_id}", role="surface", name="users"),
                    link_button(
                        t("imports.write_group"), f"/compose?group={R.group_id}", role="primary", name="square-pen"
                    ),
                ),
                rx.cond(
                    R.to_blacklist,
                    link_button(t("imports.see_blacklist"), "/blacklist", role="primary", name="ban"),
                    link_button(t("imports.see_book"), "/contacts", role="primary", name="contact"),
                ),
            ),
            class_name="acts",
        ),
        class_name="done-head",
    )


def _groups_made() -> Component:
    """The groups that the file named and the import made."""
    more = R.groups_made_count - R.groups_made.length()
    return rx.el.div(
        t("imports.groups_made", count=R.groups_made_count),
        rx.foreach(R.groups_made, lambda name: rx.el.span(name, class_name="tag gray")),
        rx.cond(more > 0, rx.el.span(t("imports.more_groups", count=more))),
        class_name="t2 mut row g8 wrap",
    )


def _undo_button() -> Component:
    return confirm(
        title=t("imports.undo_title", name=R.filename),
        say=t("imports.undo_why", count=R.counts.created, until=moment(R.undo_until)),
        keep=button(t("imports.undo_keep"), role="surface"),
        go=button(t("imports.undo"), role="danger", on_click=R.take_back),
        open=R.asking,
        on_open_change=R.ask_undo,
        trigger=button(t("imports.undo"), role="surface", name="undo-2"),
    )


def _bar() -> Component:
    return rx.el.div(
        *(
            rx.cond(count > 0, rx.box(class_name=look, flex_grow=count, flex_basis="0"))
            for look, count in (
                ("ok", R.counts.imported),
                ("dup", R.counts.duplicates),
                ("black", R.counts.blacklisted),
                ("bad", R.counts.rejected),
            )
        ),
        class_name="outcome-bar",
        role="img",
        custom_attrs={
            "aria-label": t(
                "imports.bar",
                imported=R.counts.imported,
                duplicates=R.counts.duplicates,
                blacklisted=R.counts.blacklisted,
                rejected=R.counts.rejected,
            )
        },
    )


def _sum(key: str, name: str, count: Any, why: rx.Var[str] | Component, tone: str = "") -> Component:
    return rx.el.div(
        rx.el.span(icon(name), t(f"imports.{key}"), class_name=f"what {tone}"),
        rx.el.span(number(count), class_name="big x26"),
        rx.el.span(why, class_name="t1 mut"),
    )


def _download() -> Component:
    inside = [icon("download"), t("imports.download")]
    return FileLink.create(*inside, href=f"/import/{R.id}/rejected.csv", download=True, class_name="lightbtn")


def history() -> Component:
    """The imports of the past, each a link to what became of it."""
    columns = [
        Column(t("imports.past_name"), main=True),
        Column(t("imports.past_at")),
        Column(t("imports.past_status")),
        Column(t("imports.past_read"), right=True),
        Column(t("imports.imported"), right=True),
        Column(t("imports.rejected_done"), right=True),
    ]

    def cells(r: rx.Var[PastImport]) -> list[Any]:
        return [
            rx.el.a(r.name, href="/import?done=" + r.id.to_string(), class_name="lk"),
            rx.el.span(moment(r.at), class_name="num nw"),
            rx.el.span(
                message("imports.status_" + r.status),
                class_name=rx.match(
                    r.status, ("done", "tag teal"), ("failed", "tag red"), ("running", "tag blue"), "tag gray"
                ),
            ),
            _figure(t("imports.past_read"), r.read),
            _figure(t("imports.imported"), r.rows),
            _figure(t("imports.rejected_done"), r.rejected),
        ]

    table = data_table(columns, R.past, cells, label=t("imports.history"), key=lambda r: r.id)
    return rx.cond(
        R.past.length() > 0,
        card(
            rx.el.div(rx.el.h2(t("imports.history"), class_name="h2"), class_name="fates-head"),
            table,
            flush=True,
            class_name="past-imports",
        ),
    )


def _figure(label: rx.Var[str], count: rx.Var[int]) -> Component:
    """A figure that says on a phone, where no column is headed, what it counts."""
    return rx.el.span(number(count), class_name="past-figure", custom_attrs={"data-label": label})
