"""What a handler may be called with: Reflex checks nothing, so everything that comes from a browser is checked here.

An argument must be what its annotation says, strictly ("5" is not an int). A string may hold 20 000 characters unless
the handler says more, as in ``Annotated[str, MaxLen(100_000)]``. Integers fit 64 bits, floats are finite, no string
holds what a database cannot store. A submitted form is judged as the handler gets it: its last value by name, such as
``dict[str, str]``, or ``dict[str, str | None]`` for a form whose fields are not always there.
"""

import ast
import inspect
import json
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import reflex as rx
from annotated_types import MaxLen
from pydantic import TypeAdapter, ValidationError
from reflex_base.utils.form import FORM_DATA_ENTRIES_KEY

MAX_EVENT = 256 * 1024  # bytes of JSON in one event
MAX_STRING = 20_000  # characters
MAX_DEPTH = 8
LARGEST = 2**63 - 1


class BadArguments(Exception):
    """The event does not fit its handler. ``reason`` is one word for the log: it never quotes what was sent."""

    def __init__(self, reason: str, *, limit: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit


@dataclass(frozen=True)
class Argument:
    """One parameter of a handler. ``adapter`` is None for uploaded files, which only the upload route can make."""

    name: str
    adapter: TypeAdapter[Any] | None
    longest: int
    required: bool


@cache
def is_declared(handler: Callable[..., Any]) -> bool:
    """Whether a method carries ``@rx.event``: Reflex itself lets the browser call every public method of a state.

    Read from the source, since the decorator leaves no trace on the function; without source it is not declared.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(handler)))
    except (OSError, TypeError, SyntaxError):
        return False
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    names = (d.func if isinstance(d, ast.Call) else d for d in tree.body[0].decorator_list)
    return any(ast.unparse(name) in ("rx.event", "event", "reflex.event") for name in names)


@cache
def arguments_of(handler: Callable[..., Any]) -> dict[str, Argument]:
    """The parameters of a handler by name, without ``self``.

    Raises:
        BadArguments: a parameter has no annotation or says ``Any``: nothing could be checked, so nothing is let in.
    """
    hints = get_type_hints(handler, include_extras=True)
    found = {}
    for name, parameter in list(inspect.signature(handler).parameters.items())[1:]:
        hint = hints.get(name, Any)
        if hint is Any or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise BadArguments("unannotated")
        found[name] = Argument(
            name=name,
            adapter=None if is_upload(hint) else TypeAdapter(hint),
            longest=max(_lengths(hint), default=MAX_STRING),
            required=parameter.default is parameter.empty,
        )
    return found


def is_upload(hint: Any) -> bool:
    """Whether an annotation stands for uploaded files."""
    inner = get_args(hint) if get_origin(hint) is list else (hint,)
    return rx.UploadFile in inner or rx.UploadChunkIterator in inner


def takes_files(handler: Callable[..., Any]) -> bool:
    """Whether a handler may be named to the upload route."""
    return any(argument.adapter is None for argument in arguments_of(handler).values())


def check(handler: Callable[..., Any], payload: Mapping[str, Any]) -> None:
    """Let a payload through or not.

    Raises:
        BadArguments: ``unannotated``, ``unknown``, ``missing``, ``too_large``, ``too_long``, ``wrong_type``,
            ``unstorable``.
    """
    arguments = arguments_of(handler)
    if not payload.keys() <= arguments.keys():
        raise BadArguments("unknown")
    if any(a.required and a.name not in payload for a in arguments.values()):
        raise BadArguments("missing")
    weight = 0
    for name, value in payload.items():
        argument = arguments[name]
        if argument.adapter is None:
            _check_files(value)
            continue
        _check_values(value, argument.longest)
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
            weight += len(text.encode())
            if weight > MAX_EVENT:
                raise BadArguments("too_large", limit=MAX_EVENT)
            if isinstance(value, dict) and FORM_DATA_ENTRIES_KEY in value:
                text = json.dumps(_form(value), ensure_ascii=False)
            argument.adapter.validate_json(text, strict=True)
        except ValidationError as error:
            long = any(problem["type"] in ("string_too_long", "too_long") for problem in error.errors())
            raise BadArguments("too_long" if long else "wrong_type", limit=argument.longest) from None
        except (TypeError, ValueError):
            raise BadArguments("wrong_type") from None


def _form(value: dict[str, Any]) -> dict[str, Any]:
    """The fields of a submitted form, which travel as pairs in one wrapping, as Reflex hands them to a handler."""
    entries = value[FORM_DATA_ENTRIES_KEY]
    pairs = isinstance(entries, list) and all(isinstance(e, list) and len(e) == 2 for e in entries)
    if len(value) != 1 or not pairs or not all(isinstance(name, str) for name, _ in entries):
        raise BadArguments("wrong_type")
    return dict(entries)


def _lengths(hint: Any) -> Iterator[int]:
    """Every ``MaxLen`` on a string inside an annotation."""
    inner = get_args(hint)
    for limit in getattr(hint, "__metadata__", ()):
        if isinstance(limit, MaxLen) and inner and inner[0] is str:
            yield limit.max_length
    for one in inner:
        yield from _lengths(one)


def _check_files(value: Any) -> None:
    files = value if isinstance(value, list) else [value]
    if not files or not all(isinstance(file, rx.UploadFile | rx.UploadChunkIterator) for file in files):
        raise BadArguments("wrong_type")


def _check_values(value: Any, longest: int, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise BadArguments("too_large", limit=MAX_DEPTH)
    if isinstance(value, str):
        if len(value) > longest:
            raise BadArguments("too_long", limit=longest)
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise BadArguments("unstorable")
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise BadArguments("too_large", limit=LARGEST)
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadArguments("wrong_type")
    elif isinstance(value, dict):
        for key, one in value.items():
            _check_values(key, longest, depth + 1)
            _check_values(one, longest, depth + 1)
    elif isinstance(value, list | tuple):
        for one in value:
            _check_values(one, longest, depth + 1)
