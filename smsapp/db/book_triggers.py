"""The triggers of the address book: counters and the search index are right whoever writes, however much at once.

An import writes a million contacts in a few statements, a report invalidates some, an undo deletes others: a rule that
each of them had to remember would be forgotten by one. The database keeps it instead, in the writer's transaction.

*Counters* (`book_counter`): contacts of an account, blacklisted numbers of an account, members of a group. SQLite has
triggers per row and one writer; PostgreSQL adds up per statement, in one of 64 slots by connection, because one row
per account would make every two writers wait for each other (and two in opposite order fail).

*Search index* (`contact_fts`): trigrams of ``contact.search``. Indexing costs more than the insert itself, so a new
or changed contact is only noted in `contact_to_index`, contacts in a row as one span of ids; `smsapp.contacts.search`
indexes what is noted in small slices and, until then, searches it one by one. SQLite: an FTS5 table of trigrams without
positions over ``contact`` (external content). PostgreSQL: an inverted index (GIN) over arrays of trigrams, made by a
function of our own, because the extension pg_trgm is missing from servers that come as a package and may not be
installed on others.

*Repeated numbers* (`contact_repeated`): numbers that stand more than once in a book, deleted contacts left out. Asking
for the others of a number would cost an import too much, so a number is taken in with the search index, when the last
of its contacts is: every number that stands more than once is in the table or has a contact that is noted, and every
number in the table stands more than once. A contact that goes, or takes another number, takes a number out at once; one
that comes back is looked at at once on SQLite, and noted on PostgreSQL, where two may come back at the same time.

*Owners*: on PostgreSQL the account of a contact is asked for once per statement, not once per row by a foreign key,
which cost an import a quarter of its time; an account that has contacts cannot be deleted there either.

A migration runs ``keep_book(dialect)`` (again after a batch rebuild of a table on SQLite, which drops its triggers) and
``leave_book(dialect)`` before it takes the tables away. Names that begin with ``contact_fts`` are no tables of ours:
``is_search_index`` and ``is_kept_here`` tell schema comparisons what to pass over.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection

_SLOT = "(pg_backend_pid() % 64)"
_ADD = "ON CONFLICT (kind, ref, slot) DO UPDATE SET count = book_counter.count + excluded.count"

_SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS contact_fts USING fts5("
    "search, content='contact', content_rowid='id', tokenize='trigram', detail=none, columnsize=0)"
)

_TO_INDEX = (
    "CREATE TABLE IF NOT EXISTS contact_to_index (account_id {id} NOT NULL, first_id {id} NOT NULL,"
    " last_id {id} NOT NULL, CONSTRAINT pk_contact_to_index PRIMARY KEY (account_id, first_id))"
)
_REPEATED = (
    "CREATE TABLE IF NOT EXISTS contact_repeated (account_id {id} NOT NULL, e164 {number} NOT NULL,"
    " CONSTRAINT pk_contact_repeated PRIMARY KEY (account_id, e164))"
)
# On SQLite the spans of an account never overlap, so the last that begins before a contact says whether it is noted:
# the index must be told to forget exactly what it knows.
_NOTED = (
    "EXISTS (SELECT 1 FROM contact_to_index WHERE account_id = {row}.account_id AND last_id >= {row}.id AND first_id ="
    " (SELECT max(first_id) FROM contact_to_index WHERE account_id = {row}.account_id AND first_id <= {row}.id))"
)
_FORGET = (
    "INSERT INTO contact_fts (contact_fts, rowid, search) SELECT 'delete', OLD.id, OLD.search"
    f" WHERE NOT {_NOTED.format(row='OLD')};"
)
_NOTE = (
    "INSERT INTO contact_to_index (account_id, first_id, last_id) SELECT NEW.account_id, NEW.id, NEW.id"
    f" WHERE NOT {_NOTED.format(row='NEW')};"
)


def _count(kind: str, ref: str, step: str, where: str = "true") -> str:
    return f"INSERT INTO book_counter (kind, ref, slot, count) SELECT '{kind}', {ref}, 0, {step} WHERE {where} {_ADD};"


_LIVE = "EXISTS (SELECT 1 FROM contact WHERE id = {row}.contact_id AND deleted_at IS NULL)"
_STEP = "CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END"
_MEMBERS_FOLLOW = (
    f"INSERT INTO book_counter (kind, ref, slot, count) SELECT 'members', group_id, 0, {_STEP} FROM group_member"
    f" WHERE contact_id = NEW.id {_ADD};"
)

_TWO = (
    "(SELECT count(*) FROM (SELECT 1 FROM contact AS c WHERE c.account_id = {row}.account_id AND c.e164 = {row}.e164"
    " AND c.deleted_at IS NULL LIMIT 2) AS two) = 2"
)


def _no_more(row: str) -> str:
    two = _TWO.format(row=row)
    return f"DELETE FROM contact_repeated WHERE account_id = {row}.account_id AND e164 = {row}.e164 AND NOT {two};"


def _once_more(row: str) -> str:
    return (
        f"INSERT INTO contact_repeated (account_id, e164) SELECT {row}.account_id, {row}.e164"
        f" WHERE {row}.deleted_at IS NULL AND {_TWO.format(row=row)} ON CONFLICT DO NOTHING;"
    )


_SQLITE = {
    "contact_book_added": f"AFTER INSERT ON contact BEGIN {_NOTE}"
    f" {_count('contacts', 'NEW.account_id', '1', 'NEW.deleted_at IS NULL')} END",
    "contact_book_moved": "AFTER UPDATE OF deleted_at ON contact"
    " WHEN (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)"
    f" BEGIN {_count('contacts', 'NEW.account_id', _STEP)} {_MEMBERS_FOLLOW}"
    f" {_no_more('OLD')} {_once_more('NEW')} END",
    "contact_book_renumbered": "AFTER UPDATE OF e164 ON contact WHEN OLD.e164 <> NEW.e164"
    f" BEGIN {_no_more('OLD')} {_once_more('NEW')} END",
    "contact_book_renamed": "AFTER UPDATE OF search ON contact WHEN OLD.search <> NEW.search"
    f" BEGIN {_FORGET} {_NOTE} END",
    "contact_book_leaving": "BEFORE DELETE ON contact BEGIN DELETE FROM group_member WHERE contact_id = OLD.id; END",
    "contact_book_gone": f"AFTER DELETE ON contact BEGIN {_FORGET}"
    " DELETE FROM contact_to_index"
    " WHERE account_id = OLD.account_id AND first_id = OLD.id AND last_id = OLD.id;"
    f" {_count('contacts', 'OLD.account_id', '-1', 'OLD.deleted_at IS NULL')} {_no_more('OLD')} END",
    "group_member_book_added": "AFTER INSERT ON group_member"
    f" BEGIN {_count('members', 'NEW.group_id', '1', _LIVE.format(row='NEW'))} END",
    "group_member_book_gone": "AFTER DELETE ON group_member"
    f" BEGIN {_count('members', 'OLD.group_id', '-1', _LIVE.format(row='OLD'))} END",
    "suppression_book_added": f"AFTER INSERT ON suppression BEGIN {_count('blacklisted', 'NEW.account_id', '1')} END",
    "suppression_book_gone": f"AFTER DELETE ON suppression BEGIN {_count('blacklisted', 'OLD.account_id', '-1')} END",
}

# Every three letters in a row, once.
_PG_INDEX = [
    "CREATE OR REPLACE FUNCTION smsapp_trigrams(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$"
    " SELECT coalesce(array_agg(DISTINCT a || b || c), '{}') FROM ROWS FROM ("
    " unnest(string_to_array(said, NULL)), unnest(string_to_array(substr(said, 2), NULL)),"
    " unnest(string_to_array(substr(said, 3), NULL))) AS letters (a, b, c) WHERE c IS NOT NULL $$",
    "CREATE TABLE IF NOT EXISTS contact_fts (contact_id bigint PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,"
    " grams text[] NOT NULL)",
    "CREATE INDEX IF NOT EXISTS contact_fts_grams ON contact_fts USING gin (grams)",
]


def _pg_count(kind: str, ref: str, step: str, source: str) -> str:
    """Add up the rows of ``source`` (a FROM clause and what follows it) by ``ref``."""
    return (
        "INSERT INTO book_counter (kind, ref, slot, count)"
        f" SELECT '{kind}', {ref}, {_SLOT}, {step} FROM {source} GROUP BY {ref} ORDER BY {ref} {_ADD};"
    )


# FOR SHARE: whoever deletes one of these contacts at this moment is waited for, or waits; else both would count it.
_LOCKED = (
    "(SELECT m.group_id FROM {rows} AS m JOIN contact AS c ON c.id = m.contact_id WHERE c.deleted_at IS NULL"
    " FOR SHARE OF c) AS live"
)
_MOVED = "{before} AS o JOIN {after} AS n ON n.id = o.id{more} WHERE (o.deleted_at IS NULL) <> (n.deleted_at IS NULL)"
_PG_STEP = "sum(CASE WHEN n.deleted_at IS NULL THEN 1 ELSE -1 END)"
_PG_MOVED = _MOVED.format(before="before", after="after", more="")
_PG_MOVED_MEMBERS = _MOVED.format(before="before", after="after", more=" JOIN group_member AS g ON g.contact_id = n.id")
_BEFORE, _AFTER = "REFERENCING OLD TABLE AS before", "REFERENCING NEW TABLE AS after"

# A span may hold contacts of others, or some twice: indexing is then done again, which harms nothing. An update rather
# than nothing, because it waits for whoever is indexing that span at this moment and may have read the text of before.
_PG_NOTED = (
    "ON CONFLICT (account_id, first_id) DO UPDATE SET last_id = greatest(contact_to_index.last_id, excluded.last_id)"
)

# New contacts are gone through once: they may be a hundred thousand, kept aside by the server for this. The lock on the
# account is the foreign key's own: whoever deletes it waits, or is waited for.
_PG_ADDED = (
    "FOR one IN SELECT account_id, min(id) AS first_id, max(id) AS last_id,"
    " count(*) FILTER (WHERE deleted_at IS NULL) AS live FROM after GROUP BY account_id ORDER BY account_id"
    " LOOP PERFORM 1 FROM account WHERE id = one.account_id FOR KEY SHARE;"
    " IF NOT FOUND THEN RAISE foreign_key_violation USING MESSAGE = 'a contact of no account'; END IF;"
    " INSERT INTO contact_to_index (account_id, first_id, last_id)"
    f" VALUES (one.account_id, one.first_id, one.last_id) {_PG_NOTED};"
    " INSERT INTO book_counter (kind, ref, slot, count)"
    f" SELECT 'contacts', one.account_id, {_SLOT}, one.live WHERE one.live > 0 {_ADD};"
    " END LOOP;"
)


def _pg_no_more(left: str) -> str:
    """Take out the numbers of contacts that go and that stand no more than once now (``left``: FROM and WHERE, the
    contacts as o).

    They are gone through once: very many may go at a time. The rows are locked before the contacts that stay are
    counted, in a statement of its own: of two who each take one of three contacts away the second sees what the first
    has done.
    """
    these = "r.account_id = one.account_id AND r.e164 = ANY(one.numbers)"
    return (
        f"FOR one IN SELECT o.account_id, array_agg(o.e164) AS numbers FROM {left} GROUP BY o.account_id ORDER BY 1"
        f" LOOP PERFORM 1 FROM contact_repeated AS r WHERE {these} ORDER BY r.e164 FOR UPDATE;"
        f" IF FOUND THEN DELETE FROM contact_repeated AS r WHERE {these} AND NOT {_TWO.format(row='r')}; END IF;"
        " END LOOP;"
    )


_PG_LEFT = (
    "before AS o JOIN after AS n ON n.id = o.id"
    " WHERE o.deleted_at IS NULL AND (n.deleted_at IS NOT NULL OR o.e164 <> n.e164)"
)
_PG_GONE = "before AS o WHERE o.deleted_at IS NULL"

# name: (table, when and on what, body)
_PG = {
    "contact_book_added": (
        "contact",
        f"AFTER INSERT ON contact {_AFTER} FOR EACH STATEMENT",
        _PG_ADDED,
    ),
    "contact_book_changed": (
        "contact",
        f"AFTER UPDATE ON contact {_BEFORE} NEW TABLE AS after FOR EACH STATEMENT",
        "INSERT INTO contact_to_index (account_id, first_id, last_id)"
        " SELECT n.account_id, n.id, n.id FROM before AS o JOIN after AS n ON n.id = o.id WHERE o.search <> n.search"
        " OR o.e164 <> n.e164 OR (o.deleted_at IS NOT NULL AND n.deleted_at IS NULL)"
        f" ORDER BY n.account_id, n.id {_PG_NOTED};"
        f" {_pg_count('contacts', 'n.account_id', _PG_STEP, _PG_MOVED)}"
        f" {_pg_count('members', 'g.group_id', _PG_STEP, _PG_MOVED_MEMBERS)} {_pg_no_more(_PG_LEFT)}",
    ),
    "contact_book_handed_on": (
        "contact",
        "BEFORE UPDATE OF account_id ON contact FOR EACH ROW WHEN (OLD.account_id <> NEW.account_id)",
        "RAISE foreign_key_violation USING MESSAGE = 'a contact keeps its account';",
    ),
    "account_book_left": (
        "account",
        "BEFORE DELETE ON account FOR EACH ROW",
        "IF EXISTS (SELECT 1 FROM contact WHERE account_id = OLD.id)"
        " THEN RAISE foreign_key_violation USING MESSAGE = 'an account that has contacts'; END IF; RETURN OLD;",
    ),
    "contact_book_leaving": (
        "contact",
        "BEFORE DELETE ON contact FOR EACH ROW",
        "DELETE FROM group_member WHERE contact_id = OLD.id; RETURN OLD;",
    ),
    "contact_book_gone": (
        "contact",
        f"AFTER DELETE ON contact {_BEFORE} FOR EACH STATEMENT",
        "DELETE FROM contact_to_index AS t USING before AS b"
        " WHERE t.account_id = b.account_id AND t.first_id = b.id AND t.last_id = b.id;"
        f" {_pg_count('contacts', 'account_id', '-count(*)', 'before WHERE deleted_at IS NULL')}"
        f" {_pg_no_more(_PG_GONE)}",
    ),
    "group_member_book_added": (
        "group_member",
        f"AFTER INSERT ON group_member {_AFTER} FOR EACH STATEMENT",
        _pg_count("members", "group_id", "count(*)", _LOCKED.format(rows="after")),
    ),
    "group_member_book_gone": (
        "group_member",
        f"AFTER DELETE ON group_member {_BEFORE} FOR EACH STATEMENT",
        _pg_count("members", "group_id", "-count(*)", _LOCKED.format(rows="before")),
    ),
    "suppression_book_added": (
        "suppression",
        f"AFTER INSERT ON suppression {_AFTER} FOR EACH STATEMENT",
        _pg_count("blacklisted", "account_id", "count(*)", "after"),
    ),
    "suppression_book_gone": (
        "suppression",
        f"AFTER DELETE ON suppression {_BEFORE} FOR EACH STATEMENT",
        _pg_count("blacklisted", "account_id", "-count(*)", "before"),
    ),
}


_WITHOUT = tuple(f"DROP TABLE IF EXISTS {table}" for table in ("contact_fts", "contact_to_index", "contact_repeated"))


def is_kept_here(name: str | None, kind: str) -> bool:
    """Whether this module keeps what `tables.py` has as a constraint: the owner of a contact, on PostgreSQL."""
    return kind == "foreign_key_constraint" and name == "fk_contact_account_id"


def is_search_index(name: str | None) -> bool:
    """Whether a table or index of this name belongs to the search index, which no `tables.py` describes."""
    return bool(name) and str(name).startswith("contact_fts")


def keep_book(dialect: str) -> list[str]:
    """The statements that make the search index and the triggers."""
    if dialect == "sqlite":
        return [
            _SQLITE_INDEX,
            _TO_INDEX.format(id="INTEGER"),
            _REPEATED.format(id="INTEGER", number="BIGINT"),
            *(f"CREATE TRIGGER IF NOT EXISTS {name} {body}" for name, body in _SQLITE.items()),
        ]
    made = [*_PG_INDEX, _TO_INDEX.format(id="BIGINT"), _REPEATED.format(id="BIGINT", number="BIGINT")]
    for name, (_, when, body) in _PG.items():
        declared = "DECLARE one record; " if "FOR one IN" in body else ""
        end = "" if body.endswith("RETURN OLD;") else " RETURN NULL;"
        made.append(
            f"CREATE OR REPLACE FUNCTION smsapp_{name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ {declared}BEGIN {body}{end} END $$"
        )
        made.append(f"CREATE OR REPLACE TRIGGER {name} {when} EXECUTE FUNCTION smsapp_{name}()")
    return made


@contextmanager
def counted_at_once(
    connection: Connection, trigger: str, kind: str, ref: int, added: Callable[[], int]
) -> Iterator[None]:
    """Insert very many rows with the work of ``trigger`` done once for all of them rather than row by row.

    SQLite has no triggers per statement, and theirs cost more than twice the insert itself. Within the block, in the
    caller's own transaction, the trigger is not there: whoever dies leaves it as it was, nobody else can write
    meanwhile. ``added`` says afterwards how many rows count for ``ref``; contacts are noted for the search index by
    the caller, see `smsapp.contacts.bulk`. PostgreSQL counts per statement anyway: nothing is done there.
    """
    with counted_together(connection, trigger, kind, lambda: {ref: added()}):
        yield


@contextmanager
def counted_together(
    connection: Connection, trigger: str, kind: str, added: Callable[[], Mapping[int, int]]
) -> Iterator[None]:
    """The same for rows that count for several: ``added`` says afterwards how many for which."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")
    yield
    for ref, count in added().items():
        connection.exec_driver_sql(
            f"INSERT INTO book_counter (kind, ref, slot, count) VALUES (?, ?, 0, ?) {_ADD}", (kind, ref, count)
        )
    connection.exec_driver_sql(f"CREATE TRIGGER IF NOT EXISTS {trigger} {_SQLITE[trigger]}")


def leave_book(dialect: str) -> list[str]:
    """The statements that take the triggers and the search index away."""
    if dialect == "sqlite":
        return [*(f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE), *_WITHOUT]
    gone = [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, (table, _, _) in _PG.items()]
    gone += [f"DROP FUNCTION IF EXISTS smsapp_{name}()" for name in _PG]
    return [*gone, *_WITHOUT, "DROP FUNCTION IF EXISTS smsapp_trigrams(text)"]
