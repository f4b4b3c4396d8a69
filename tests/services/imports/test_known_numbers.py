"""Numbers already in the book, fields of one's own, the mapping remembered (S67, S75, M27)."""

from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.fields import fields
from smsapp.contacts.groups import GroupNameTaken, create_group, owned_group
from smsapp.contacts.listing import contacts
from smsapp.contacts.service import Sheet, contact, count, create_contact, delete_contacts
from smsapp.db import Database
from smsapp.imports.choices import POLICIES, Choices
from smsapp.imports.sandbox import Reading
from smsapp.imports.service import check, habit, history, preview, run_import
from smsapp.imports.uploads import Uploads
from tests.services.imports.conftest import own_values

Receive = Callable[..., str]
FIELDS = {0: "portable", 1: "nom", 2: "prenom", 3: "email"}
FILE = b"Portable;Nom;Prenom;Mail\n0612345678;Rey;Ines;\n0687654321;Roi;;r@x.fr\n0611111111;Marc;;\n"


def chosen(policy: str, **more: object) -> Choices:
    return Choices(Reading(header=True), FIELDS, policy=policy, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "counts", "moreau"),
    [
        ("complete", (1, 1, 1), ("Moreau", "Ines", "m@x.fr")),
        ("replace", (1, 2, 0), ("Rey", "Ines", "m@x.fr")),
        ("skip", (1, 0, 2), ("Moreau", "", "m@x.fr")),
        ("add", (3, 0, 0), ("Moreau", "", "m@x.fr")),
    ],
)
def test_a_known_number_is_completed_replaced_skipped_or_added(
    uploads: Uploads,
    receive: Receive,
    db: Database,
    actor: Actor,
    policy: str,
    counts: tuple[int, int, int],
    moreau: tuple[str, str, str],
) -> None:
    made = create_contact(db, actor, Sheet("0612345678", nom="Moreau", email="m@x.fr"))
    create_contact(db, actor, Sheet("0687654321", nom="Dupont", prenom="Lea", email="r@x.fr"))
    upload = receive(actor, FILE)
    said = check(db, uploads, actor, upload, chosen(policy))
    assert (said.created, said.completed, said.known) == counts
    assert {name: len(said.samples[name]) for name in ("created", "completed", "known")} == dict(
        zip(("created", "completed", "known"), counts, strict=True)
    )
    done = run_import(db, uploads, actor, upload, chosen(policy))
    assert (done.created, done.completed, done.known) == counts
    row = contact(db, actor, made).row
    assert (row.nom, row.prenom, row.email) == moreau
    assert count(db, actor) == 2 + counts[0]


@pytest.mark.parametrize("policy", POLICIES)
def test_m27_whatever_is_chosen_states_and_the_blacklist_are_never_touched(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, policy: str
) -> None:
    refused = create_contact(db, actor, Sheet("0612345678", nom="Moreau"))
    blacklist(db, actor, [33612345678], reason="STOP")
    gone = create_contact(db, actor, Sheet("0611111111", nom="Parti"))
    delete_contacts(db, actor, [gone])
    done = run_import(db, uploads, actor, receive(actor, FILE), chosen(policy, group_name="G"))
    assert (done.created, done.blacklisted) == (2, 1)
    row = contact(db, actor, refused).row
    assert (row.nom, row.prenom, row.state, row.groups) == ("Moreau", "", "blacklisted", ())
    assert suppressed(db, actor) == {33612345678}
    assert "Parti" not in [one.nom for one in contacts(db, actor).rows]


def test_columns_become_fields_of_ones_own(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    table = b'Portable;Ville;Points "or"\n0612345678;Lyon;12\n0687654321;;\n0612345678;;\n'
    choices = Choices(Reading(header=True), {0: "portable", 1: "+Ville", 2: '+Points "or"'})
    done = run_import(db, uploads, actor, receive(actor, table), choices)
    assert (done.created, done.duplicates) == (2, 1)
    extras = {one.e164: own_values(db, actor, one.id) for one in contacts(db, actor).rows}
    assert extras == {33612345678: {"ville": "Lyon", "points_or": "12"}, 33687654321: {}}
    more = b"Portable;Ville;Code\n0612345678;Paris;A1\n0687654321;Nice;\n"
    choices = Choices(Reading(header=True), {0: "portable", 1: "+Ville", 2: "+Code"})
    done = run_import(db, uploads, actor, receive(actor, more), choices)
    assert (done.completed, done.known) == (2, 0)
    extras = {one.e164: own_values(db, actor, one.id) for one in contacts(db, actor).rows}
    assert extras[33612345678] == {"ville": "Lyon", "points_or": "12", "code": "A1"}
    assert extras[33687654321] == {"ville": "Nice"}
    assert {one.key: one.name for one in fields(db, actor)} == {
        "points_or": 'Points "or"',
        "ville": "Ville",
        "code": "Code",
    }


def test_a_file_of_the_same_shape_is_taken_as_the_last_time(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    head = b"Colonne A;Colonne B\n"
    upload = receive(actor, head + b"Rey;0612345678\n")
    columns = preview(uploads, actor, upload).columns
    assert habit(db, actor, columns) is None
    choices = Choices(Reading(header=True), {0: "nom", 1: "portable"}, policy="replace", region="BE")
    run_import(db, uploads, actor, upload, choices)
    seen = preview(uploads, actor, receive(actor, b"COLONNE a;colonne B\nRoi;0470123456\n"))
    last = habit(db, actor, seen.columns)
    assert last is not None
    assert (last.mapping, last.policy, last.region) == ({0: "nom", 1: "portable"}, "replace", "BE")
    assert habit(db, rival, seen.columns) is None
    assert history(db, rival) == []
    assert [one.filename for one in history(db, actor)] == ["clients.csv"]


def test_s66_nobody_is_put_in_a_smart_group(uploads: Uploads, receive: Receive, db: Database, actor: Actor) -> None:
    made = create_group(db, actor, "Lyonnais")
    with db.write() as session:
        owned_group(session, actor, made).filter = {}
    upload = receive(actor, FILE)
    for ask in (check, run_import):
        with pytest.raises(GroupNameTaken):
            ask(db, uploads, actor, upload, chosen("complete", group_name="lyonnais"))
    assert run_import(db, uploads, actor, upload, chosen("complete", group_name="Lyon")).created == 3


def test_suggestions_and_typed_numbers_are_taken_at_the_check_already(
    uploads: Uploads, receive: Receive, db: Database, actor: Actor
) -> None:
    table = b"Nom;Portable\nA;0612345678 Paul\nB;0696123456\nC;06 12 34 56 7\nD;0123456789\nE;0687654321\n"
    upload = receive(actor, table)
    plain = Choices(Reading(header=True), {0: "nom", 1: "portable"})
    said = check(db, uploads, actor, upload, plain)
    assert (said.created, said.rejected, sum(said.repairable.values())) == (1, 4, 2)
    assert [row.row for row in said.samples["rejected/letters"]] == [2]
    some = Choices(Reading(header=True), {0: "nom", 1: "portable"}, accepted=("letters",), repairs={4: "0611111111"})
    said = check(db, uploads, actor, upload, some)
    assert (said.created, said.rejected) == (3, 2)
    every = Choices(Reading(header=True), {0: "nom", 1: "portable"}, accepted=("*",), repairs={5: "encore faux"})
    done = run_import(db, uploads, actor, upload, every)
    assert (done.created, done.rejected) == (3, 2)
    assert {one.e164 for one in contacts(db, actor).rows} == {33612345678, 596696123456, 33687654321}
