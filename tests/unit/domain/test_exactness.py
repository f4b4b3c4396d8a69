"""No float where money is, and a message never takes fewer segments for being longer (S60, S77-S82)."""

import ast
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import smsapp
from smsapp.domain.encoding import measure

ROOT = Path(smsapp.__file__).parent
MONEY = [
    *("domain/credits.py", "domain/tariff.py", "domain/packs.py", "domain/counting.py", "domain/quote.py"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "ledger").glob("*.py")),
    *("campaigns/pricing.py", "campaigns/launch.py", "simulator/service.py"),
]
EXCEPT = {"number", "with_tax", "_with_euros"}  # figures for the screen; exact decimals divided


@pytest.mark.parametrize("name", MONEY)
def test_no_float_where_money_is(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in EXCEPT]:
        function.body = [ast.Pass()]
        function.returns = None
    for node in ast.walk(tree):
        where = f"{name}:{getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), where
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_path(node)), where
        assert not (isinstance(node, ast.Name) and node.id in ("float", "round")), where
        assert not (isinstance(node, ast.Attribute) and node.attr in ("Float32", "Float64", "mean")), where


def _is_path(node: ast.BinOp) -> bool:
    """Whether a division joins the parts of a path."""
    return isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)


CHARACTERS = st.sampled_from("aé€[ê😀\ud83d\ude00\n")


@settings(max_examples=500, deadline=None)
@given(st.text(CHARACTERS, max_size=60), st.integers(1, 8), CHARACTERS, st.integers(0, 500))
@example("€", 230, "ê", 0)
@example("€" * 38, 8, "ê", 0)
def test_segments_never_fall_when_a_character_is_added(text: str, times: int, added: str, place: int) -> None:
    """Also when it turns the message into Unicode: 76 characters at least fit a GSM-7 segment, 67 at most a UCS-2 one."""
    text *= times
    place = min(place, len(text))
    assert measure(text[:place] + added + text[place:]).segments >= measure(text).segments
