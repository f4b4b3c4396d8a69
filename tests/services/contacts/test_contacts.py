"""The address book: create, edit, delete and back, search, pages seen once, and nobody sees another's."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete

from smsapp.accounts.actor import Actor
from smsapp.contacts.blacklist import blacklist, suppressed
from smsapp.contacts.blacklist_list import entries
from smsapp.contacts.duplicates import duplicates
from smsapp.contacts.fields import FieldNameTaken, create_field, new_field
from smsapp.contacts.folding import fold, sought
from smsapp.contacts.groups import (
    GroupNameMissing,
    GroupNameTaken,
    GroupNotFound,
    create_group,
    delete_group,
    group,
    group_contacts,
    groups,
    new_group,
    rename_group,
    ungroup_contacts,
)
from smsapp.contacts.listing import Query, Sort, contacts, pick
from smsapp.contacts.search import index_all
from smsapp.contacts.service import (
    Consent,
    ContactNotFound,
    InvalidEmail,
    Sheet,
    UnreadableNumber,
    contact,
    count,
    create_contact,
    delete_contacts,
    edit_contact,
    numbers_of,
    restore_contacts,
    totals,
)
from smsapp.contacts.tables import Contact
from smsapp.db import Database, SimulatedClock

INES = Sheet("06 12 34 56 78", nom="Moreau", prenom="Inès", email="ines@studio-mistral.fr", societe="Studio Mistral")


def every_page(db: Database, actor: Actor, query: Query, limit: int) -> tuple[list[int], list[int]]:
    """The ids met on all pages going forth, then on all pages coming back from the last."""
    forth = [contacts(db, actor, query, limit)]
    while (after := forth[-1].next) is not None:
        forth.append(contacts(db, actor, Query(query.text, query.group_id, query.sort, after=after), limit))
    back = [forth[-1]]
    while (before := back[-1].previous) is not None:
        back.append(contacts(db, actor, Query(query.text, query.group_id, query.sort, before=before), limit))
    return [row.id for page in forth for row in page.rows], [row.id for page in reversed(back) for row in page.rows]


@pytest.mark.parametrize(
    "typed", ["0612345678", "06.12.34.56.78", "+33 (0)6 12 34 56 78", "0033612345678", "612345678"]
)
def test_s68_s33_a_contact_is_saved_under_its_number_however_it_is_written(
    db: Database, actor: Actor, typed: str
) -> None:
    made = create_contact(db, actor, Sheet(typed, nom="Moreau"))
    row = contact(db, actor, made).row
    assert (row.e164, row.number, row.name) == (33612345678, "+33 6 12 34 56 78", "Moreau")


def test_s91_an_overseas_number_without_its_code_is_refused_with_the_repair(db: Database, actor: Actor) -> None:
    with pytest.raises(UnreadableNumber) as refused:
        create_contact(db, actor, Sheet("0696 12 34 56"))
    assert refused.value.key == "phone.reason.needs_country_code"
    assert refused.value.suggestion.replace(" ", "") == "+596696123456"
    assert count(db, actor) == 0


def test_an_email_that_cannot_be_one_is_refused(db: Database, actor: Actor) -> None:
    with pytest.raises(InvalidEmail):
        create_contact(db, actor, Sheet("0612345678", email="ines"))


def test_s62_an_edited_contact_is_in_the_list_as_edited(db: Database, actor: Actor) -> None:
    made = create_contact(db, actor, INES)
    edit_contact(db, actor, made, Sheet("0687654321", nom="Étienne", prenom="Zoé"))
    [row] = contacts(db, actor).rows
    assert (row.name, row.e164, row.email) == ("Zoé Étienne", 33687654321, "")
    assert pick(db, actor, "moreau") == []
    assert [found.id for found in pick(db, actor, "etienne zoe")] == [made]


def test_s71_a_save_changes_what_was_changed_and_nothing_that_came_meanwhile(db: Database, actor: Actor) -> None:
    """Two tabs, or an import beside an open record: neither a field nor a group of the other is put back."""
    made = create_contact(db, actor, Sheet("0612345678", nom="Moreau", email="a@exemple.fr", consent_source="Salon"))
    old, new = create_group(db, actor, "Anciens", [made]), create_group(db, actor, "Nouveaux")
    seen = Sheet("+33 6 12 34 56 78", "Moreau", email="a@exemple.fr", group_ids=(old,), consent_source="Salon")
    group_contacts(db, actor, new, [made])
    edit_contact(db, actor, made, replace(seen, email="b@exemple.fr", group_ids=(old, new), consent_text="Oui"))
    edit_contact(db, actor, made, replace(seen, number="0612345679", nom="Rey", group_ids=()), seen)
    sheet = contact(db, actor, made)
    assert (sheet.row.e164, sheet.row.nom, sheet.row.email) == (33612345679, "Rey", "b@exemple.fr")
    assert ([group.name for group in sheet.row.groups], sheet.consent) == (["Nouveaux"], Consent("Salon", "Oui"))
    edit_contact(db, actor, made, replace(seen, consent_source="Foire"), seen)
    assert contact(db, actor, made).consent == Consent("Foire")  # an agreement is one thing


def test_s63_m10_a_deleted_contact_comes_back_with_its_groups(
    db: Database, actor: Actor, clock: SimulatedClock
) -> None:
    made = create_contact(db, actor, INES)
    vip = create_group(db, actor, "VIP", [made])
    assert delete_contacts(db, actor, [made]) == [made]
    assert contacts(db, actor).rows == ()
    assert group(db, actor, vip).members == 0
    with pytest.raises(ContactNotFound):
        contact(db, actor, made)
    clock.advance(timedelta(days=29))
    assert restore_contacts(db, actor, [made]) == 1
    assert [tag.name for tag in contact(db, actor, made).row.groups] == ["VIP"]
    delete_contacts(db, actor, [made])
    clock.advance(timedelta(days=31))
    assert restore_contacts(db, actor, [made]) == 0


def test_s75_the_book_may_hold_a_number_twice(db: Database, actor: Actor) -> None:
    first, second = (
        create_contact(db, actor, INES),
        create_contact(db, actor, Sheet("0612345678", nom="Moreau", prenom="Paul")),
    )
    assert first != second
    assert numbers_of(db, actor, [first, second]) == [33612345678]


def test_s69_s70_s71_a_contact_stands_in_several_groups(db: Database, actor: Actor) -> None:
    ines = create_contact(db, actor, INES)
    paul = create_contact(db, actor, Sheet("0687654321", nom="Rey", prenom="Paul"))
    vip, lyon = create_group(db, actor, "VIP", [ines]), create_group(db, actor, "Lyon")
    assert group_contacts(db, actor, lyon, [ines, paul]) == 2
    assert group_contacts(db, actor, lyon, [ines, paul]) == 0
    assert [(g.name, g.members) for g in groups(db, actor)] == [("Lyon", 2), ("VIP", 1)]
    assert [g.name for g in groups(db, actor, "vi")] == ["VIP"]
    assert [row.id for row in contacts(db, actor, Query(group_id=vip)).rows] == [ines]
    edit_contact(db, actor, paul, Sheet("0687654321", nom="Rey", group_ids=(vip,)))
    assert [tag.name for tag in contact(db, actor, paul).row.groups] == ["VIP"]
    assert ungroup_contacts(db, actor, vip, [ines, paul]) == 2
    delete_group(db, actor, vip)
    assert [g.name for g in groups(db, actor)] == ["Lyon"]
    assert count(db, actor) == 2


def test_s72_groups_are_chosen_when_a_contact_is_made(db: Database, actor: Actor) -> None:
    vip = create_group(db, actor, "VIP")
    made = create_contact(db, actor, Sheet("0612345678", group_ids=(vip,)))
    assert [tag.id for tag in contact(db, actor, made).row.groups] == [vip]


def test_a_group_has_a_name_of_its_own_whatever_the_case(db: Database, actor: Actor) -> None:
    vip = create_group(db, actor, "Clients d'été")
    with pytest.raises(GroupNameTaken):
        create_group(db, actor, "clients  D'ÉTÉ")
    with pytest.raises(GroupNameMissing):
        create_group(db, actor, "  ")
    rename_group(db, actor, vip, "clients d'été")
    assert group(db, actor, vip).name == "clients d'été"


@pytest.mark.parametrize("taken", ["group", "field"])
def test_a_name_taken_at_this_very_moment_is_taken(db: Database, actor: Actor, taken: str) -> None:
    """Two tabs at once: the second is told so, in a sentence."""
    first_is_there, refused = threading.Event(), []

    def second() -> None:
        first_is_there.wait()
        try:
            _ = create_group(db, actor, "vip") if taken == "group" else create_field(db, actor, "VIP")
        except (GroupNameTaken, FieldNameTaken) as refusal:
            refused.append(refusal.params["name"])

    other = threading.Thread(target=second)
    other.start()
    with db.write() as session:
        if taken == "group":
            new_group(session, db, actor, "VIP")
        else:
            new_field(session, db, actor, "Vip")
        first_is_there.set()
        other.join(0.3)
        assert other.is_alive()
    other.join()
    assert refused == ["VIP" if taken == "group" else "Vip"]


def test_s69_a_group_never_takes_the_place_of_one_that_is_gone(db: Database, actor: Actor) -> None:
    """Drafts, plans and smart groups name groups by their ids."""
    first = create_group(db, actor, "Clients", [create_contact(db, actor, INES)])
    empty = create_group(db, actor, "Vide")
    for gone in (empty, first):
        delete_group(db, actor, gone)
    assert not {create_group(db, actor, "Presse"), create_group(db, actor, "Amis")} & {first, empty}


def test_s74_a_blacklisted_number_shows_it_and_stays(db: Database, actor: Actor) -> None:
    made = create_contact(db, actor, INES)
    assert blacklist(db, actor, [33612345678], reason="par téléphone") == 1
    assert blacklist(db, actor, [33612345678, 33687654321], reason="autre") == 1
    assert contact(db, actor, made).row.state == "blacklisted"
    assert [(s.e164, s.reason) for s in reversed(entries(db, actor).rows)] == [
        (33612345678, "par téléphone"),
        (33687654321, "autre"),
    ]
    assert suppressed(db, actor, [33612345678, 33600000000]) == {33612345678}
    assert suppressed(db, actor) == {33612345678, 33687654321}
    assert totals(db, actor).blacklisted == 2


@pytest.mark.parametrize(
    "typed",
    [
        "ines",
        "INÈS",
        "moreau i",
        "ines moreau",
        "mistral",
        "studio-mis",
        "@studio",
        "0612345678",
        "06 12 34",
        "+33 6 12 34",
        "00336123",
        "5678",
    ],
)
def test_search_answers_to_name_company_email_and_number(db: Database, actor: Actor, typed: str) -> None:
    made = create_contact(db, actor, INES)
    create_contact(db, actor, Sheet("0799887766", nom="Rey", prenom="Paul", email="p@x.fr", societe="Cave"))
    assert [row.id for row in pick(db, actor, typed)] == [made]


@pytest.mark.parametrize(
    "typed", ["%", "_____________________________________________________________", "'", "\\", "\0"]
)
def test_search_takes_every_character_for_itself(db: Database, actor: Actor, typed: str) -> None:
    create_contact(db, actor, INES)
    found = pick(db, actor, f"zz{typed}zz")
    assert found == []


def test_search_takes_an_underscore_for_itself(db: Database, actor: Actor) -> None:
    """Indexed or not: nobody is selected whom the words do not name."""
    [made, _] = [create_contact(db, actor, Sheet("0612345678", email=f"jean{sign}rey@exemple.fr")) for sign in "_."]
    blacklist(db, actor, [33612345678])
    for again in range(2):
        assert [row.id for row in pick(db, actor, "Jean_Rey")] == [made], again
        index_all(db)
    assert entries(db, actor, text="_").rows == ()
    assert duplicates(db, actor, text="_").rows == ()


def test_folding_is_without_case_and_accents() -> None:
    assert fold("  Élise  ŒUVRARD ß") == "elise oeuvrard ss"
    assert sought("06 12 34") == ["61234"]
    assert sought("Inès 12") == ["ines", "12"]
    assert sought("0") == ["0"]
    assert sought("  ") == []


names = st.text(alphabet=st.sampled_from("abé Z"), max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(st.tuples(names, names), max_size=23),
    limit=st.integers(1, 7),
    sort=st.sampled_from(["name", "newest"]),
    text=st.sampled_from(["", "a", "336"]),
)
def test_every_contact_is_met_once_over_all_pages_both_ways(
    db: Database, actor: Actor, people: list[tuple[str, str]], limit: int, sort: Sort, text: str
) -> None:
    with db.write() as session:
        session.execute(delete(Contact))
    made = [
        create_contact(db, actor, Sheet(f"06123456{i:02}", nom=nom, prenom=prenom))
        for i, (nom, prenom) in enumerate(people)
    ]
    forth, back = every_page(db, actor, Query(text, sort=sort), limit)
    assert forth == back
    assert sorted(forth) == [
        id for id, (nom, prenom) in zip(made, people, strict=True) if text in fold(nom + prenom) or text in ("", "336")
    ]
    if sort == "newest":
        assert forth == sorted(forth, reverse=True)


def test_pages_of_a_group_and_a_strange_anchor(db: Database, actor: Actor, make_actor: Callable[[str], Actor]) -> None:
    made = [create_contact(db, actor, Sheet(f"06123456{i:02}", nom=f"N{i:02}")) for i in range(20)]
    even = create_group(db, actor, "Pairs", made[::2])
    forth, back = every_page(db, actor, Query(group_id=even), 3)
    assert forth == back == made[::2]
    foreign = create_contact(db, make_actor("rival"), Sheet("0612345678", nom="N10"))
    for anchor in (foreign, 10**12):
        assert [row.id for row in contacts(db, actor, Query(after=anchor), 3).rows] == made[:3]
        assert contacts(db, actor, Query(before=anchor), 3).previous is None


def test_one_account_never_touches_the_book_of_another(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor]
) -> None:
    rival = make_actor("rival")
    mine, theirs = create_contact(db, actor, INES), create_contact(db, rival, INES)
    group_of_theirs = create_group(db, rival, "VIP", [theirs])
    create_group(db, actor, "VIP", [mine, theirs])
    assert [g.members for g in groups(db, actor)] == [1]
    assert [row.id for row in contacts(db, actor).rows] == [mine]
    assert delete_contacts(db, actor, [theirs]) == []
    delete_contacts(db, rival, [theirs])
    assert restore_contacts(db, actor, [theirs]) == 0
    restore_contacts(db, rival, [theirs])
    assert numbers_of(db, actor, [theirs]) == []
    for forbidden in (
        lambda: contact(db, actor, theirs),
        lambda: edit_contact(db, actor, theirs, INES),
    ):
        with pytest.raises(ContactNotFound):
            forbidden()
    for forbidden in (
        lambda: group(db, actor, group_of_theirs),
        lambda: contacts(db, actor, Query(group_id=group_of_theirs)),
        lambda: group_contacts(db, actor, group_of_theirs, [mine]),
        lambda: ungroup_contacts(db, actor, group_of_theirs, [theirs]),
        lambda: rename_group(db, actor, group_of_theirs, "x"),
        lambda: delete_group(db, actor, group_of_theirs),
        lambda: edit_contact(db, actor, mine, Sheet("0612345678", group_ids=(group_of_theirs,))),
        lambda: create_contact(db, actor, Sheet("0612345678", group_ids=(group_of_theirs,))),
    ):
        with pytest.raises(GroupNotFound):
            forbidden()
    blacklist(db, rival, [33612345678])
    assert contact(db, actor, mine).row.state == "active"
    assert suppressed(db, actor) == set()
    assert group(db, rival, group_of_theirs).members == 1
    assert totals(db, actor).contacts == 1
