"""The triggers of the blacklist: no number leaves it unsaid, whoever writes to the database (S74, M27).

Each number that comes writes a line of the history. What was said of a number never changes. A number goes only after
the history says who lifted it and why, or when it was there by its own STOP and takes that back; so no import, however
it is written, can revive anybody. Demonstrations may be taken away whole.

A migration runs ``guard_blacklist(dialect)`` (again after a batch rebuild of ``suppression`` on SQLite, which drops its
triggers) and ``release_blacklist(dialect)`` before the tables go.
"""

REFUSAL = "a number leaves the blacklist only after suppression_event says why"
FROZEN = "what the blacklist says of a number is never changed"

_KEPT = ("account_id", "e164", "reason", "origin", "user_id", "source_id", "created_at")
_ADDED = (
    "INSERT INTO suppression_event (account_id, e164, kind, origin, reason, user_id, source_id, at)"
    " VALUES (NEW.account_id, NEW.e164, 'added', NEW.origin, NEW.reason, NEW.user_id, NEW.source_id, NEW.created_at);"
)
_LAST = (
    "coalesce((SELECT kind FROM suppression_event WHERE account_id = OLD.account_id AND e164 = OLD.e164"
    " ORDER BY id DESC LIMIT 1), '')"
)
_DEMO = "(SELECT is_demo FROM account WHERE id = OLD.account_id)"
_STARTED = (
    "INSERT INTO suppression_event (account_id, e164, kind, origin, reason, at)"
    " VALUES (OLD.account_id, OLD.e164, 'lifted', 'start', '', {now});"
)

_SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"

_SQLITE = {
    "suppression_told": f"AFTER INSERT ON suppression BEGIN {_ADDED} END",
    "suppression_frozen": f"BEFORE UPDATE OF {', '.join(_KEPT)} ON suppression"
    f" BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END",
    "suppression_held": "BEFORE DELETE ON suppression"
    f" WHEN OLD.origin <> 'stop' AND {_LAST} <> 'lifted' AND NOT {_DEMO} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    "suppression_started": f"AFTER DELETE ON suppression WHEN OLD.origin = 'stop' AND {_LAST} <> 'lifted'"
    f" BEGIN {_STARTED.format(now=_SQLITE_NOW)} END",
}

_PG = {
    "suppression_told": ("AFTER INSERT", f"{_ADDED} RETURN NEW;"),
    "suppression_frozen": (
        f"BEFORE UPDATE OF {', '.join(_KEPT)}",
        f"RAISE restrict_violation USING MESSAGE = '{FROZEN}';",
    ),
    "suppression_held": (
        "BEFORE DELETE",
        f"IF {_LAST} <> 'lifted' THEN"
        f" IF OLD.origin = 'stop' THEN {_STARTED.format(now='clock_timestamp()')}"
        f" ELSIF NOT {_DEMO} THEN RAISE restrict_violation USING MESSAGE = '{REFUSAL}'; END IF;"
        " END IF; RETURN OLD;",
    ),
}


def guard_blacklist(dialect: str) -> list[str]:
    """The statements that make the database keep the history and hold the numbers."""
    if dialect == "sqlite":
        return [f"CREATE TRIGGER IF NOT EXISTS {name} {body}" for name, body in _SQLITE.items()]
    made = []
    for name, (when, body) in _PG.items():
        made += [
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f"CREATE OR REPLACE TRIGGER {name} {when} ON suppression FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    return made


def release_blacklist(dialect: str) -> list[str]:
    """The statements that take the triggers away, for a downgrade."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE]
    gone = [f"DROP TRIGGER IF EXISTS {name} ON suppression" for name in _PG]
    return gone + [f"DROP FUNCTION IF EXISTS {name}()" for name in _PG]
