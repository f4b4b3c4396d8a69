"""An import taken back: for 30 days by whoever made it (what was edited since is kept, and named), while it runs by
whoever stops it, or by ourselves when it cannot be finished. In short transactions; one that was cut off is finished at
the next start. `undo_merged.py` knows what became of contacts that were merged since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, text, update
from sqlmodel import Session, col, select

from smsapp.accounts.actor import Actor
from smsapp.contacts.bulk import INSTANT
from smsapp.contacts.folding import search_text, sort_name
from smsapp.contacts.service import FIELD_LENGTHS, UNDO_DAYS
from smsapp.contacts.tables import Contact, Group, GroupMember
from smsapp.db import Database
from smsapp.domain.errors import Refusal
from smsapp.domain.phone import pretty
from smsapp.imports import agreements
from smsapp.imports.met import forget_met, hand_on, stay_joined
from smsapp.imports.returned import give_file_back
from smsapp.imports.tables import CHANGED_AT, ContactImport, ImportChange, ImportSpan
from smsapp.imports.turns import take_turn
from smsapp.imports.undo_groups import let_groups_go, ungroup
from smsapp.imports.undo_merged import Fields, forget, has, let_go, living
from smsapp.imports.uploads import Uploads

SLICE = 20_000
NAMED = 50  # contacts named in the account of an undoing


class ImportNotFound(Refusal):
    key = "imports.not_found"


class TooLate(Refusal):
    """Undone already, still running, older than 30 days, or a file of refusals."""

    key = "imports.undo_too_late"


class StaysBlacklisted(Refusal):
    """No numbers leave the blacklist by the hundred: somebody may have said STOP meanwhile (S74, M27)."""

    key = "imports.undo_blacklist"


class OverAlready(Refusal):
    """The import ended meanwhile, or somebody else stopped it: nothing is left to stop."""

    key = "imports.over_already"


@dataclass(frozen=True)
class Kept:
    """A contact that was edited after the import, and what stays of it: "contact", or names of fields."""

    id: int
    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Undone:
    """What an undoing did: contacts taken out, contacts given their fields back, contacts kept because of edits."""

    removed: int = 0
    restored: int = 0
    kept: int = 0
    named: tuple[Kept, ...] = ()

    @staticmethod
    def of_json(said: Mapping[str, Any]) -> "Undone":
        """As it is kept with the import."""
        named = tuple(Kept(one["id"], one["name"], tuple(one["fields"])) for one in said.get("named", ()))
        return Undone(said.get("removed", 0), said.get("restored", 0), said.get("kept", 0), named)


def owned_import(session: Session, actor: Actor, import_id: int, *, lock: bool = False) -> ContactImport:
    """The import, if it is the actor's; ``lock``: nobody else changes it before the end of the transaction.

    Raises:
        ImportNotFound
    """
    found = session.get(ContactImport, import_id, with_for_update=lock or None)
    if found is None or found.account_id != actor.account_id:
        raise ImportNotFound
    return found


def can_undo(made: ContactImport, db: Database) -> bool:
    """Whether an import can still be taken back."""
    fresh = made.created_at >= db.now() - timedelta(days=UNDO_DAYS)
    return made.status == "done" and fresh and not made.to_blacklist


def undo_import(db: Database, actor: Actor, import_id: int) -> Undone:
    """Take an import back: its contacts leave the book, changed fields are as before; later edits stay, named.

    Raises:
        ImportNotFound, TooLate, StaysBlacklisted
    """
    with db.write() as session:
        made = owned_import(session, actor, import_id, lock=True)
        if made.to_blacklist:
            raise StaysBlacklisted
        if not can_undo(made, db):
            raise TooLate
        made.status = "undoing"
        session.add(made)
    return go_on(db, None, import_id)


def stop_import(db: Database, uploads: Uploads, actor: Actor, import_id: int) -> str:
    """Stop an import that runs, here or in another process: the step in flight is waited for, no other follows, and
    all of it is taken back. What it blacklisted stays there (M27). Returns the id of its file, which can be imported
    again.

    Raises:
        ImportNotFound, OverAlready
    """

    def mark(session: Session) -> str:
        made = owned_import(session, actor, import_id, lock=True)
        if made.status != "running":
            raise OverAlready
        made.status, made.failure = "undoing", "imports.stopped"
        session.add(made)
        return made.upload

    upload = db.retrying(mark)
    go_on(db, uploads, import_id)
    return upload


def take_back(db: Database, uploads: Uploads, import_id: int, failure: str) -> bool:
    """End an import that cannot be finished: nothing of it stays, its file is given back. ``failure``: key of the
    sentence that says why. False when it does not run any more: then its file is somebody else's to give back.
    """
    with db.write() as session:
        made = session.get(ContactImport, import_id, with_for_update=True)
        if made is None or made.status != "running":
            return False
        made.status, made.failure = "undoing", failure
        session.add(made)
    go_on(db, uploads, import_id)
    return True


def undoing(db: Database) -> list[int]:
    """The undoings that have not come to an end."""
    with db.read() as session:
        return list(session.execute(select(col(ContactImport.id)).where(ContactImport.status == "undoing")).scalars())


def go_on(db: Database, uploads: Uploads | None, import_id: int) -> Undone:
    """Do what is left of an undoing, slice by slice; ``uploads`` gets the file back of an import that did not come to
    its end. Harmless when another process does the same.
    """
    done: int | None = 0
    while done is not None:
        done = db.retrying(lambda session, done=done: _remove(session, db, import_id, done))  # type: ignore[misc]
    while db.retrying(lambda session: _let_go(session, db, import_id)):
        pass
    while db.retrying(lambda session: _is_undoing(session, db, import_id) and forget_met(session, import_id)):
        pass
    while db.retrying(lambda session: _ungroup(session, db, import_id)):
        pass
    while db.retrying(lambda session: _restore(session, db, import_id)):
        pass
    if uploads is not None:
        give_file_back(db, uploads, import_id)
    return db.retrying(lambda session: _finish(session, db, import_id))


def _remove(session: Session, db: Database, import_id: int, done: int = 0) -> int | None:
    """Take a slice of the contacts that nobody has touched since, those after ``done``, out of the book, but for those
    that a later import met. Returns the last of them; None when none is left.
    """
    if not _is_undoing(session, db, import_id):
        return None
    asked = select(ImportSpan.first_id, ImportSpan.last_id).where(ImportSpan.import_id == import_id)
    spans = session.execute(asked.where(ImportSpan.last_id > done).order_by(col(ImportSpan.first_id))).all()
    untouched = (
        col(Contact.import_id) == import_id, col(Contact.deleted_at).is_(None),
        col(Contact.updated_at) == col(Contact.created_at),
    )  # fmt: skip
    for first, last in spans:
        ids = select(col(Contact.id)).where(*untouched, col(Contact.id).between(max(first, done + 1), last))
        found = session.execute(ids.order_by(col(Contact.id)).limit(SLICE)).scalars().all()
        if found:
            these = (*untouched, col(Contact.id).between(found[0], found[-1]))
            made = session.get(ContactImport, import_id)
            assert made is not None
            theirs = hand_on(session, made, *these)
            gone = update(Contact).where(*these).values(deleted_at=db.now()).returning(col(Contact.id))
            removed = len(session.connection().execute(gone).scalars().all())
            named = session.execute(select(Contact).where(col(Contact.id).in_(theirs[:NAMED]))).scalars().all()
            kept = [_named(one, ("contact",)) for one in named]
            _note(session, import_id, removed=removed, kept=kept, more=len(theirs) - len(kept))
            last_of_them: int = found[-1]
            return last_of_them
    return None


def _let_go(session: Session, db: Database, import_id: int) -> bool:
    """Part with a slice of the contacts that were merged into others. False when none is left."""
    if not _is_undoing(session, db, import_id):
        return False
    found = let_go(session, db, import_id)
    if found is None:
        return False
    _note(session, import_id, kept=[_named(person, fields) for person, fields in found])
    return True


def _ungroup(session: Session, db: Database, import_id: int) -> bool:
    """Take a slice of the known contacts out of the groups that the file names for them. False when none is left."""
    if not _is_undoing(session, db, import_id):
        return False
    restored = ungroup(session, import_id, SLICE // 10)
    if restored is None:
        return False
    _note(session, import_id, restored=restored)
    return True


def _restore(session: Session, db: Database, import_id: int) -> bool:
    """Give a slice of the contacts their fields back, but for those edited since. False when none is left."""
    if not _is_undoing(session, db, import_id):
        return False
    asked = select(ImportChange).where(ImportChange.import_id == import_id).order_by(col(ImportChange.contact_id))
    changes = session.execute(asked.limit(SLICE // 10)).scalars().all()
    if not changes:
        return False
    made = session.get(ContactImport, import_id)
    assert made is not None
    ids = [change.contact_id for change in changes]
    held = select(Contact).where(col(Contact.id).in_(ids)).order_by(col(Contact.id)).with_for_update()
    people = {one.id: one for one in session.execute(held).scalars()}  # an edit at this moment is waited for
    stands = living(session, ids)
    restored, kept = 0, []
    later: list[tuple[ImportChange, Fields]] = []
    for change in changes:
        person = people[change.contact_id]
        names = change.before.keys() - {CHANGED_AT}
        again = _instant(person.updated_at) != change.after.get(CHANGED_AT)
        edited = _put_back(person, change, db)
        later.append((change, (*edited, CHANGED_AT) if again else edited))
        heir = stands.get(change.contact_id, person)
        if heir is not person:  # it went into another, which holds what it took over
            edited = tuple(name for name in change.after if name in names and has(heir, name) == change.after[name])
        restored += len(edited) < len(names)
        if edited:
            kept.append(_named(heir, edited))
        session.add(person)
    forget(session, [(change, tuple(name for name in fields if name != CHANGED_AT)) for change, fields in later])
    _forget(session, import_id, later)
    joined = [change.contact_id for change in changes if change.joined]
    if joined and made.group_id is not None:
        joined = sorted(set(joined) - stay_joined(session, made, joined))
        leaving = delete(GroupMember).where(col(GroupMember.group_id) == made.group_id)
        session.execute(leaving.where(col(GroupMember.contact_id).in_(joined)))
    session.execute(
        text("DELETE FROM import_change WHERE import_id = :i AND contact_id IN :ids").bindparams(
            bindparam("ids", ids, expanding=True)
        ),
        {"i": import_id},
    )
    _note(session, import_id, restored=restored, kept=kept)
    return True


def _put_back(person: Contact, change: ImportChange, db: Database) -> tuple[str, ...]:
    """Undo the change of one contact. Returns the fields that somebody has edited since. A contact that nobody has
    touched since is as old as it was, or an import that was undone would pass for an edit.
    """
    edited = []
    extra = dict(person.extra)
    fields = {name: before for name, before in change.before.items() if name != CHANGED_AT}
    for name, before in fields.items():
        own = name.startswith("+")
        if has(person, name) != change.after[name]:
            edited.append(name)
        elif name == agreements.NAME:
            for column, value in agreements.columns_of(before).items():
                setattr(person, column, value)
        elif not own:
            setattr(person, name, before)
        elif before:
            extra[name[1:]] = before
        else:
            extra.pop(name[1:], None)
    if len(edited) < len(fields):
        person.extra = extra
        names = {name: getattr(person, name) for name in FIELD_LENGTHS}
        person.sort_name = sort_name(names["nom"], names["prenom"], names["societe"])
        person.search = search_text(person.e164, names["nom"], names["prenom"], names["societe"], names["email"])
        untouched = _instant(person.updated_at) == change.after.get(CHANGED_AT)
        person.updated_at = _moment(change.before[CHANGED_AT]) if untouched else db.now()
    return tuple(edited)


def _forget(session: Session, import_id: int, changes: Sequence[tuple[ImportChange, Fields]]) -> None:
    """Where a later import changed what this one had written, undoing it gives back what was there before both."""
    wanted = {change.contact_id: (change, change.after.keys() & set(fields)) for change, fields in changes if fields}
    asked = select(ImportChange).where(
        col(ImportChange.contact_id).in_(list(wanted)), col(ImportChange.import_id) > import_id
    )
    for later in session.execute(asked.order_by(col(ImportChange.import_id))).scalars():
        change, fields = wanted[later.contact_id]
        met = {name for name in fields & later.before.keys() if later.before[name] == change.after[name]}
        later.before = later.before | {name: change.before[name] for name in met}
        fields -= later.before.keys()
        session.add(later)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime(INSTANT)


def _moment(instant: str) -> datetime:
    return datetime.fromisoformat(instant).replace(tzinfo=UTC)


def _is_undoing(session: Session, db: Database, import_id: int) -> bool:
    """Whether there is still something to undo: two who undo one import take turns, or both would count the same."""
    account_id = session.execute(select(ContactImport.account_id).where(ContactImport.id == import_id)).scalar_one()
    take_turn(session, db, account_id)
    made = session.get(ContactImport, import_id, with_for_update=True)
    return made is not None and made.status == "undoing"


def _finish(session: Session, db: Database, import_id: int) -> Undone:
    undoing = _is_undoing(session, db, import_id)
    made = session.get(ContactImport, import_id)
    assert made is not None
    if not undoing:
        return Undone.of_json(made.undone)
    within = col(Contact.id).between(ImportSpan.first_id, ImportSpan.last_id)
    mine = select(col(Contact.id)).join(ImportSpan, within).where(ImportSpan.import_id == import_id)
    mine = mine.where(Contact.import_id == import_id, col(Contact.deleted_at).is_(None)).distinct()
    first = select(Contact).where(col(Contact.id).in_(mine.order_by(col(Contact.id)).limit(NAMED)))
    edited = session.execute(first.order_by(col(Contact.id))).scalars().all()
    count = session.execute(select(func.count()).select_from(mine.subquery())).scalar_one()
    _note(session, import_id, kept=[_named(one, ("contact",)) for one in edited], more=count - len(edited))
    if made.group_made and made.group_id is not None:
        living = (
            select(GroupMember.contact_id)
            .join(Contact, col(Contact.id) == GroupMember.contact_id)
            .where(GroupMember.group_id == made.group_id, col(Contact.deleted_at).is_(None))
        )
        filling = select(col(ContactImport.id)).where(
            ContactImport.group_id == made.group_id, ContactImport.status == "running"
        )
        if session.execute(living.limit(1)).first() is None and session.execute(filling.limit(1)).first() is None:
            group_id, made.group_id = made.group_id, None
            session.add(made)
            session.flush()
            session.execute(delete(Group).where(col(Group.id) == group_id))
    let_groups_go(session, made)
    made.status = "failed" if made.failure else "undone"
    made.upload, made.choices = "", {}
    session.add(made)
    return Undone.of_json(made.undone)


def _named(person: Contact, fields: tuple[str, ...]) -> Kept:
    name = f"{person.prenom} {person.nom}".strip() or person.societe or pretty(person.e164)
    return Kept(person.id or 0, name, fields)


def _note(
    session: Session,
    import_id: int,
    *,
    removed: int = 0,
    restored: int = 0,
    kept: list[Kept] | None = None,
    more: int = 0,
) -> None:
    """Add to the account of the undoing."""
    made = session.get(ContactImport, import_id)
    assert made is not None
    so_far = Undone.of_json(made.undone)
    found = kept or []
    added = Undone(
        so_far.removed + removed,
        so_far.restored + restored,
        so_far.kept + len(found) + more,
        (*so_far.named, *found)[:NAMED],
    )
    made.undone = asdict(added) | {"named": [asdict(one) | {"fields": list(one.fields)} for one in added.named]}
    session.add(made)
