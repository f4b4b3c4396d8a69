"""No float where money is, and a message never takes fewer segments for being longer (S60, S77-S82)."""

import ast
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import smsapp.domain
from smsapp.domain.encoding import measure

MONEY = ["credits.py", "tariff.py", "packs.py", "quote.py"]
EXCEPT = {"number", "with_tax"}  # figures for the screen; exact decimals divided by 100


@pytest.mark.parametrize("name", MONEY)
def test_no_float_where_money_is(name: str) -> None:
    tree = ast.parse((Path(smsapp.domain.__file__).parent / name).read_text("utf-8"))
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in EXCEPT]:
        function.body = [ast.Pass()]
        function.returns = None
    for node in ast.walk(tree):
        where = f"{name}:{getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), where
        assert not isinstance(node, ast.Div), where
        assert not (isinstance(node, ast.Name) and node.id in ("float", "round")), where
        assert not (isinstance(node, ast.Attribute) and node.attr in ("Float32", "Float64", "mean")), where


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
