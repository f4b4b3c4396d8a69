"""Consent that an import brings (S59, M28): whole or not at all, with the import as its proof, and back again (M10)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.groups import groups
from smsapp.contacts.listing import contacts
from smsapp.contacts.merging import merge_all
from smsapp.contacts.service import Consent, Sheet, contact, count, create_contact, edit_contact
from smsapp.contacts.unmerging import undo_merge
from smsapp.db import Database, SimulatedClock
from smsapp.imports import commands
from smsapp.imports.choices import Choices
from smsapp.imports.rejections import rejections
from smsapp.imports.repairs import StillNoDay, accept, repair
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import Result, check, import_result, preview, run_import
from smsapp.imports.undo import Undone, undo_import
from smsapp.imports.uploads import Uploads

Receive = Callable[..., str]
BY = {0: "portable", 1: "nom", 2: "consentement_source", 3: "consentement_date", 4: "consentement_texte"}
HEAD = "Portable;Nom;Source du consentement;Date du consentement;Texte du consentement"
INES, PAUL, ZOE = "0612345678", "0687654321", "0611111111"
SHOP = Consent("Boutique", "J’accepte", date(2026, 3, 1))


def bring(uploads: Uploads, receive: Receive, db: Database, actor: Actor, *rows: str, **more: object) -> Result:
    """Import rows under HEAD; the check says the same before."""
    upload = receive(actor, "\n".join([HEAD, *rows]).encode())
    choices = Choices(Reading(header=True), BY, **more)  # type: ignore[arg-type]
    said = check(db, uploads, actor, upload, choices)
    done = run_import(db, uploads, actor, upload, choices)
    assert (said.created, said.completed, said.known, said.rejected) == (
        done.created, done.completed, done.known, done.rejected,
    )  # fmt: skip
    assert said.agreed == len([one for one in consents(db, actor).values() if one.import_id == done.id])
    return done


def consents(db: Database, actor: Actor) -> dict[str, Consent]:
    """The consent of each contact, by its name."""
    found = contacts(db, actor).rows
    return {one.name: contact(db, actor, one.id).consent for one in found}


NONE = Consent()


def known(db: Database, actor: Actor, number: str, nom: str, consent: Consent = NONE) -> int:
    day = consent.day.isoformat() if consent.day else ""
    sheet = Sheet(number, nom=nom, consent_source=consent.source, consent_text=consent.text, consent_day=day)
    return create_contact(db, actor, sheet)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Accord recueilli où", BY[2]), ("Consent collected where", BY[2]), ("SOURCE DU CONSENTEMENT", BY[2]),
        ("Date de l’accord", BY[3]), ("Date of consent", BY[3]), ("Consent date", BY[3]), ("opt-in date", BY[3]),
        ("Texte accepté", BY[4]), ("Text agreed to", BY[4]), ("Groupes", "groupes"), ("Group", "groupes"),
        ("Date de naissance", ""), ("Texte", ""), ("Source", ""),
    ],
)  # fmt: skip
def test_m28_the_columns_are_known_by_their_headers(
    uploads: Uploads, receive: Receive, actor: Actor, header: str, field: str
) -> None:
    content = f"Portable;{header}\n{INES};01/03/2026\n".encode()
    assert [column.field for column in preview(uploads, actor, receive(actor, content)).columns] == ["portable", field]


def test_m28_a_new_contact_keeps_its_consent_and_the_import_as_its_proof(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    rows = [f"{INES};Rey;Boutique;01/03/2026;J’accepte", f"{PAUL};Roi;;;", f"{ZOE};Mia;Salon;;"]
    done = bring(uploads, receive, db, actor, *rows)
    found = consents(db, actor)
    assert found["Rey"] == replace(SHOP, import_id=done.id)
    assert found["Roi"] == Consent()
    assert found["Mia"] == Consent("Salon", import_id=done.id)
    [row] = [one for one in contacts(db, actor).rows if one.name == "Rey"]
    typed = Sheet(INES, nom="Rey", consent_source="Boutique", consent_text="J’accepte", consent_day="2026-03-01")
    edit_contact(db, actor, row.id, typed)
    assert contact(db, actor, row.id).consent.import_id == done.id  # nothing of it was changed
    edit_contact(db, actor, row.id, replace(typed, consent_source="Téléphone"))
    assert contact(db, actor, row.id).consent == replace(SHOP, source="Téléphone")


@pytest.mark.parametrize(
    ("policy", "had", "said", "has", "outcome"),
    [
        ("complete", Consent(), "Boutique;01/03/2026;J’accepte", SHOP, "completed"),
        ("complete", Consent("Foire"), "Boutique;01/03/2026;J’accepte", Consent("Foire"), "known"),
        ("complete", Consent(day=date(2026, 1, 2)), "Foire;;", Consent(day=date(2026, 1, 2)), "known"),
        ("replace", Consent("Foire", "Oui"), "Boutique;01/03/2026;", replace(SHOP, text=""), "completed"),
        ("replace", SHOP, ";01/03/2026;", SHOP, "known"),
        ("replace", SHOP, ";;", SHOP, "known"),
        ("skip", Consent(), "Boutique;01/03/2026;J’accepte", Consent(), "known"),
    ],
)
def test_m28_a_consent_is_completed_or_replaced_whole(
    uploads: Uploads,
    receive: Receive,
    db: Database,
    actor: Actor,
    policy: str,
    had: Consent,
    said: str,
    has: Consent,
    outcome: str,
) -> None:
    id = known(db, actor, INES, "Rey", had)
    done = bring(uploads, receive, db, actor, f"{INES};Rey;{said}", policy=policy)
    assert getattr(done, outcome) == 1
    changed = outcome == "completed"
    assert contact(db, actor, id).consent == replace(has, import_id=done.id if changed else None)
    assert contact(db, actor, id).row.state == "active"
    assert undo_import(db, actor, done.id).restored == changed
    assert contact(db, actor, id).consent == had


def test_m27_a_consent_lifts_no_refusal(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    """A blacklisted number is not touched; the blacklist takes no consent from a file."""
    id = known(db, actor, INES, "Rey")
    blacklist(db, actor, [33612345678])
    done = bring(uploads, receive, db, actor, f"{INES};Rey;Boutique;01/03/2026;", policy="replace")
    assert (done.blacklisted, contact(db, actor, id).consent) == (1, Consent())
    refused = bring(uploads, receive, db, actor, f"{PAUL};Roi;Boutique;pas une date;", blacklist=True)
    assert (refused.created, refused.rejected, len(suppressed(db, actor))) == (1, 0, 2)


def test_m28_undo_keeps_a_consent_that_was_edited_since_and_names_it(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    edited, left = known(db, actor, INES, "Rey"), known(db, actor, PAUL, "Roi", Consent("Foire"))
    rows = [f"{INES};Rey;Boutique;01/03/2026;J’accepte", f"{PAUL};Roi;Boutique;01/03/2026;J’accepte"]
    done = bring(uploads, receive, db, actor, *rows, policy="replace")
    clock.advance(timedelta(days=1))
    edit_contact(db, actor, edited, Sheet(INES, nom="Rey", consent_source="Boutique", consent_day="2026-03-02"))
    said = undo_import(db, actor, done.id)
    assert (said.restored, said.kept, [(one.id, one.fields) for one in said.named]) == (1, 1, [(edited, ("consent",))])
    assert contact(db, actor, edited).consent == Consent("Boutique", "", date(2026, 3, 2))
    assert contact(db, actor, left).consent == Consent("Foire")


def test_m28_two_imports_undone_in_either_order_leave_what_was_there_before_both(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    for order in ((0, 1), (1, 0)):
        number = f"061234560{order[0]}"
        id = known(db, actor, number, f"N{order[0]}", Consent("Foire", "Oui", date(2025, 5, 5)))
        before = contact(db, actor, id).consent
        done = []
        for source in ("Boutique", "Salon"):
            clock.advance(timedelta(hours=1))
            done.append(bring(uploads, receive, db, actor, f"{number};;{source};01/03/2026;", policy="replace"))
        assert contact(db, actor, id).consent == Consent("Salon", "", date(2026, 3, 1), done[1].id)
        for place in order:
            clock.advance(timedelta(hours=1))
            undo_import(db, actor, done[place].id)
        assert contact(db, actor, id).consent == before


def test_m28_a_consent_that_went_into_another_contact_comes_back_as_before_the_import(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    older = known(db, actor, INES, "Rey", Consent("Foire"))
    done = bring(uploads, receive, db, actor, f"{INES};;Boutique;01/03/2026;", policy="replace")
    clock.advance(timedelta(hours=1))
    full = Sheet(INES, nom="Roy", prenom="Ines", email="i@rey.fr", consent_source="Salon", consent_text="Oui")
    younger = create_contact(db, actor, full)
    merge = merge_all(db, actor, "newest")
    assert contact(db, actor, older).consent == Consent("Salon", "Oui")
    clock.advance(timedelta(hours=1))
    assert undo_import(db, actor, done.id) == Undone(kept=1, named=(Undone.of_json({"named": [
        {"id": older, "name": "Ines Roy", "fields": ["consent"]}]}).named[0],))  # fmt: skip
    undo_merge(db, actor, merge.id)
    assert contact(db, actor, older).consent == Consent("Foire")
    assert contact(db, actor, younger).consent == Consent("Salon", "Oui")


def test_m28_a_day_that_cannot_be_read_is_a_row_to_repair_and_never_a_lost_one(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    rows = [
        f"{INES};Rey;Boutique;hier;Oui", f"{PAUL};Roi;Boutique;20260301;Oui", "06 11 11 11;Mia;Boutique;0/0/0;Oui",
        "0612345601;Ida;Boutique;01/03/2099;Oui", "0612345602;Jo;Boutique;17/06/2026;",
    ]  # fmt: skip
    done = bring(uploads, receive, db, actor, *rows)
    assert (done.created, done.rejected, done.repairable) == (1, 4, 1)
    found = {one.row: (one.value, one.reason, one.suggestion) for one in rejections(db, actor, done.id)}
    assert found == {
        2: ("hier", "consent_day", ""),
        3: ("20260301", "consent_day", "01/03/2026"),
        4: ("06 11 11 11", "too_short", ""),
        5: ("01/03/2099", "consent_to_come", ""),
    }
    for typed in ("demain", "", "0612345678", "01/03/2099"):
        with pytest.raises(StillNoDay):
            repair(db, actor, done.id, 2, typed)
    assert repair(db, actor, done.id, 2, "1er mars 2026").left == 3
    assert accept(db, actor, done.id, "consent_day").repaired == 1
    assert repair(db, actor, done.id, 4, ZOE).repaired == 0  # the number is right now, the day is what is left
    [one] = [one for one in rejections(db, actor, done.id) if one.row == 4]
    assert (one.value, one.reason) == ("0/0/0", "consent_day")
    assert repair(db, actor, done.id, 4, "01/03/2026").left == 1
    assert repair(db, actor, done.id, 5, "01/03/2026").left == 0
    told = consents(db, actor)
    assert {told[name] for name in ("Rey", "Roi", "Mia", "Ida")} == {Consent("Boutique", "Oui", SHOP.day, done.id)}
    after = import_result(db, actor, done.id)
    assert (after.created, after.rejected, after.read) == (5, 0, 5)
    undo_import(db, actor, done.id)
    assert count(db, actor) == 0


def test_m28_days_are_put_right_before_the_import_too(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    rows = [f"{INES};Rey;;hier;", f"{PAUL};Roi;;20260301;", "06 11;Mia;;17062026;", "06 12;Ida;;hier;"]

    def brought(**more: Mapping[int, str] | tuple[str, ...]) -> Result:
        return bring(uploads, receive, db, actor, *rows, **more)

    assert brought().rejected == 4
    done = brought(days={2: "01/03/2026"}, accepted=("consent_day",), repairs={4: ZOE, 5: "0612345601"})
    assert (done.created, done.rejected) == (3, 1)
    [one] = rejections(db, actor, done.id)
    assert (one.row, one.value, one.reason) == (5, "hier", "consent_day")
    assert repair(db, actor, done.id, 5, "02/03/2026").left == 0  # the number that was typed before is kept
    days = {name: one.day for name, one in consents(db, actor).items()}
    assert days == {"Rey": SHOP.day, "Roi": SHOP.day, "Mia": date(2026, 6, 17), "Ida": date(2026, 3, 2)}


def test_m28_the_command_line_names_the_columns(uploads: Uploads, db: Database, actor: Actor, tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    path.write_text(f"Portable;Nom;D’où;Le;Quoi;Listes\n{INES};Rey;Boutique;01/03/2026;J’accepte;VIP\n", "utf-8")
    maps = ("D’où=consentement_source", "Le=consentement_date", "5=consentement_texte", "Listes=groupes")
    assert commands.bring(db, uploads, actor, path, maps, dry_run=True)["created"] == 1
    done = commands.bring(db, uploads, actor, path, maps)
    assert consents(db, actor)["Rey"] == replace(SHOP, import_id=done["import"])
    assert [one.name for one in groups(db, actor)] == ["VIP"]
    with pytest.raises(commands.UnknownColumn):
        commands.bring(db, uploads, actor, path, maps, blacklist=True)


def test_m28_an_american_file_is_read_month_first_before_and_after_the_import(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    done = bring(
        uploads, receive, db, actor, f"{INES};Rey;;06/17/2026;", f"{PAUL};Roi;;06/05/2026;", "06;Mia;;03/04/2026;"
    )
    repair(db, actor, done.id, 4, ZOE)
    days = {name: one.day for name, one in consents(db, actor).items()}
    assert days == {"Rey": date(2026, 6, 17), "Roi": date(2026, 6, 5), "Mia": date(2026, 3, 4)}
