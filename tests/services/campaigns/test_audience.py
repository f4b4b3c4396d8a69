"""Who a campaign is for, and what its draft keeps (S28-S33, S53, M12, M13)."""

from collections.abc import Callable

import pytest

from smsapp.accounts.actor import Actor
from smsapp.campaigns.audience import Audience, entries, resolve
from smsapp.campaigns.excluded import excluded
from smsapp.campaigns.explain import preview, quote_view
from smsapp.campaigns.pricing import CampaignNotFound
from smsapp.campaigns.service import (
    TYPED_LIMIT,
    NotADraft,
    TooManyNumbers,
    add_contacts,
    add_groups,
    add_numbers,
    chips,
    create_draft,
    delete_draft,
    draft,
    drafts,
    drop_unreadable,
    edit_draft,
    remove_chip,
    replace_number,
)
from smsapp.campaigns.tables import Campaign, CampaignState
from smsapp.contacts.blacklist import blacklist
from smsapp.contacts.groups import GroupNotFound, create_group
from smsapp.contacts.service import delete_contacts
from smsapp.db import Database
from tests.services.campaigns.conftest import TERMS, Book, Ready


def resolved(
    db: Database, actor: Actor, typed: str = "", contacts: tuple[int, ...] = (), groups: tuple[int, ...] = ()
) -> Audience:
    with db.read() as session:
        return resolve(session, actor.account_id, typed, contacts, groups, "FR")


def test_s29_numbers_are_separated_by_comma_semicolon_newline_or_tab(db: Database, actor: Actor) -> None:
    people = resolved(db, actor, "0612345678,06 12 34 56 79;0612345680\n0612345681\t0612345682")
    assert people.recipients["e164"].to_list() == [33612345678 + i for i in range(5)]
    assert people.recipients["source"].unique().to_list() == ["typed"]


def test_s33_numbers_are_read_with_00_and_with_a_bare_country_code(db: Database, actor: Actor) -> None:
    people = resolved(db, actor, "00447700040123\n447700040123\n+33 (0)6 12 34 56 78")
    assert people.recipients["e164"].to_list() == [447700040123, 447700040123, 33612345678]
    assert people.recipients["territory"].to_list() == ["GB", "GB", "FR"]


def test_pasted_numbers_are_cut_once_and_stay_so() -> None:
    pasted = "06 12 34 56 78, +33 6 12 34 56 79;  Paul\n0612345680 0612345681"
    assert entries("\n".join(entries(pasted))) == entries(pasted)


def test_m30_a_typed_number_of_the_book_takes_the_fields_of_its_fullest_contact(
    db: Database, actor: Actor, book: Book
) -> None:
    book("0612345678")
    full = book("0612345678", prenom="Inès", nom="Moreau")
    people = resolved(db, actor, "0612345678, 0687654321")
    assert people.recipients["contact_id"].to_list() == [full, None]
    assert people.recipients["prenom"].to_list() == ["Inès", None]


def test_s30_s31_contacts_and_groups_in_the_order_of_choice(db: Database, actor: Actor, book: Book) -> None:
    ines, paul, lea = book("0612345671"), book("0612345672"), book("0612345673")
    late, early = create_group(db, actor, "B", [lea]), create_group(db, actor, "A", [ines])
    people = resolved(db, actor, "0612345679", (paul, ines), (late, early))
    assert people.recipients["source"].to_list() == ["typed", "contact", "contact", f"group:{late}", f"group:{early}"]
    assert people.recipients["contact_id"].to_list() == [None, paul, ines, lea, ines]
    assert people.recipients["rank"].to_list() == [0, 1, 2, 3, 4]


def test_deleted_contacts_are_not_written_to(db: Database, actor: Actor, book: Book) -> None:
    gone, here = book("0612345671"), book("0612345672")
    group = create_group(db, actor, "Tous", [gone, here])
    delete_contacts(db, actor, [gone])
    assert resolved(db, actor, "", (gone,), (group,)).recipients["contact_id"].to_list() == [here]


def test_m12_duplicates_are_told_with_the_copy_that_stays(db: Database, actor: Actor, book: Book, ready: Ready) -> None:
    ines = book("0612345678", prenom="Inès", nom="Moreau")
    sparse = book("06 12 34 56 78", prenom="I.")
    group = create_group(db, actor, "Fidèles", [ines])
    made = ready("Bonjour $prenom", "")
    add_contacts(db, actor, made, [sparse])
    add_groups(db, actor, made, [group])
    view = quote_view(db, actor, made, TERMS)
    assert (view.recipients, view.duplicates, view.units, view.saved) == (1, 1, 10_000, 10_000)
    [row] = excluded(db, actor, made, "duplicate", TERMS).rows
    assert row.why.key == "campaigns.excluded.duplicate_group"
    assert row.why.params == {"name": "Inès Moreau", "group": "Fidèles"}
    shown = preview(db, actor, made, 0, TERMS)
    assert shown
    assert shown.body.startswith("Bonjour Inès")


def test_s74_blacklisted_numbers_are_left_out_and_said(db: Database, actor: Actor, ready: Ready) -> None:
    blacklist(db, actor, [33612345678])
    made = ready(numbers="0612345678, 0612345679")
    view = quote_view(db, actor, made, TERMS)
    assert (view.recipients, view.blacklisted, view.units) == (1, 1, 10_000)
    [row] = excluded(db, actor, made, "blacklisted", TERMS).rows
    assert row.label == "+33 6 12 34 56 78"


def test_s32_a_country_without_a_price_is_left_out_with_its_reason(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready(numbers="+870 773 111 632, 0612345678")
    told = excluded(db, actor, made, "uncovered", TERMS)
    view = quote_view(db, actor, made, TERMS)
    assert (view.recipients, view.uncovered, told.total) == (1, 1, 1)


@pytest.mark.parametrize(
    ("typed", "reason", "repair"),
    [
        ("0612345678 Paul", "letters", 33612345678),
        ("06 12 34 56 7", "missing_digits", None),
        ("0696123456", "needs_country_code", 596696123456),
        ("0639691234", "needs_country_code", 262639691234),
        ("0123456789", "fixed_line", None),
    ],
)
def test_s91_m14_an_unreadable_number_has_its_reason_and_its_repair(
    db: Database, actor: Actor, ready: Ready, typed: str, reason: str, repair: int | None
) -> None:
    made = ready(numbers=typed)
    [row] = excluded(db, actor, made, "invalid", TERMS).rows
    assert row.why.key == f"phone.reason.{reason}"
    assert (row.repairs[0].e164 if row.repairs else None) == repair
    if repair:
        replace_number(db, actor, made, row.id, repair)
        view = quote_view(db, actor, made, TERMS)
        assert (view.invalid, view.recipients) == (0, 1)


def test_m13_an_ambiguous_number_offers_its_other_reading(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready(numbers="687751234")
    [row] = excluded(db, actor, made, "ambiguous", TERMS).rows
    assert [repair.territory for repair in row.repairs] == ["FR", "NC"]
    replace_number(db, actor, made, row.id, row.repairs[1].e164)
    assert quote_view(db, actor, made, TERMS).ambiguous == 0
    assert excluded(db, actor, made, "ambiguous", TERMS).total == 0


def test_chips_show_groups_contacts_and_first_of_all_the_numbers_to_put_right(
    db: Database, actor: Actor, book: Book
) -> None:
    made = create_draft(db, actor)
    ines = book("0612345678", prenom="Inès", nom="Moreau")
    add_groups(db, actor, made, [create_group(db, actor, "Fidèles", [ines])])
    add_contacts(db, actor, made, [ines])
    add_numbers(db, actor, made, "\n".join(f"06{i:08d}" for i in range(20)) + "\n06 39 98 7")
    found = chips(db, actor, made)
    assert [(chip.kind, chip.label, chip.count, chip.bad) for chip in found.shown[:3]] == [
        ("group", "Fidèles", 1, False),
        ("contact", "Inès Moreau", 0, False),
        ("typed", "06 39 98 7", 0, True),
    ]
    assert (len(found.shown), found.total) == (12, 23)
    for chip in found.shown[:3]:
        remove_chip(db, actor, made, chip.id)
    assert chips(db, actor, made).total == 20


def test_unreadable_numbers_leave_together(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready(numbers="Paul; 0612345678; 12")
    drop_unreadable(db, actor, made)
    assert [chip.label for chip in chips(db, actor, made).shown] == ["0612345678"]


def test_ten_thousand_junk_numbers_are_kept_and_explained(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready(numbers="\n".join(f"junk{i}" for i in range(10_000)))
    assert quote_view(db, actor, made, TERMS).invalid == 10_000
    told = excluded(db, actor, made, "invalid", TERMS)
    assert (told.total, len(told.rows)) == (10_000, 50)


def test_too_many_numbers_for_a_field_are_refused_with_a_sentence(db: Database, actor: Actor, ready: Ready) -> None:
    made = ready()
    with pytest.raises(TooManyNumbers):
        add_numbers(db, actor, made, "0612345678\n" * (TYPED_LIMIT // 10))
    assert chips(db, actor, made).total == 1


def test_what_was_typed_is_kept_as_it_was(db: Database, actor: Actor) -> None:
    made = create_draft(db, actor)
    edit_draft(db, actor, made, text="a\0b\ud800c " + "x" * 100_000, name="  Ventes\n d’été ", sender="PAS BON")
    kept = draft(db, actor, made)
    assert kept.text.startswith("ab")
    assert len(kept.text) > 100_000
    assert (kept.name, kept.sender) == ("Ventes d’été", "PAS BON")
    assert [line.id for line in drafts(db, actor)] == [made]


def test_a_draft_is_thrown_away(db: Database, actor: Actor) -> None:
    made = create_draft(db, actor)
    delete_draft(db, actor, made)
    assert drafts(db, actor) == []
    with pytest.raises(CampaignNotFound):
        draft(db, actor, made)


def test_a_new_draft_never_takes_the_id_of_one_that_was_thrown_away(db: Database, actor: Actor) -> None:
    """A tab that still shows the old one would write into the new one."""
    create_draft(db, actor)
    gone = [create_draft(db, actor) for _ in range(3)]
    for one in (gone[2], gone[0], gone[1]):
        delete_draft(db, actor, one)
    assert create_draft(db, actor) > max(gone)
    with pytest.raises(CampaignNotFound):
        edit_draft(db, actor, gone[2], text="Trop tard")


def test_a_launched_campaign_is_no_draft_any_more(db: Database, actor: Actor) -> None:
    made = create_draft(db, actor)
    with db.write() as session:
        campaign = session.get(Campaign, made)
        assert campaign
        campaign.state = CampaignState.RUNNING
        session.add(campaign)
    for forbidden in (
        lambda: edit_draft(db, actor, made, text="autre"),
        lambda: delete_draft(db, actor, made),
        lambda: draft(db, actor, made),
    ):
        with pytest.raises(NotADraft):
            forbidden()


def test_nothing_of_another_account_is_seen_or_touched(
    db: Database, actor: Actor, make_actor: Callable[[str], Actor], book: Book, ready: Ready
) -> None:
    other = make_actor("menthe")
    theirs = book("0612345679", owner=other)
    group = create_group(db, other, "Leurs clients", [theirs])
    made = ready()
    add_contacts(db, actor, made, [theirs])
    with pytest.raises(GroupNotFound):
        add_groups(db, actor, made, [group])
    assert resolved(db, actor, "", (theirs,), (group,)).recipients.height == 0
    assert chips(db, actor, made).total == 1
    assert drafts(db, other) == []
    for forbidden in (
        lambda: draft(db, other, made),
        lambda: edit_draft(db, other, made, text="x"),
        lambda: add_numbers(db, other, made, "0612345670"),
        lambda: chips(db, other, made),
        lambda: delete_draft(db, other, made),
        lambda: quote_view(db, other, made, TERMS),
        lambda: preview(db, other, made, 0, TERMS),
        lambda: excluded(db, other, made, "invalid", TERMS),
    ):
        with pytest.raises(CampaignNotFound):
            forbidden()
