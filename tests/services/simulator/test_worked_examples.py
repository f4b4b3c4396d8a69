"""The worked examples of the README are what the command prints, and what they say in words adds up (S53, S60, S80)."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smsapp.cli import app
from smsapp.domain.encoding import measure, shorten
from smsapp.domain.tariff import default_tariff
from smsapp.simulator.service import Simulation, simulate
from tests.server import ROOT

README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\$ uv run smsapp (simulate .+)\n((?:[a-z_]+: .+\n)+)", README, re.MULTILINE)
TEXTS = [shlex.split(command)[1] for command, _ in EXAMPLES]


def test_there_are_three() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(("command", "printed"), EXAMPLES, ids=["countries", "letter", "sign"])
def test_the_command_prints_the_lines_of_the_readme(
    command: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSAPP_DATA_DIR", str(tmp_path))
    answer = CliRunner().invoke(app, shlex.split(command))
    assert answer.exit_code == 0
    assert set(printed.splitlines()) <= set(answer.output.splitlines())


def test_the_words_are_right_too() -> None:
    countries, letter, sign = (measure(text) for text in TEXTS)
    assert (countries.characters, countries.segments) == (89, 1)
    assert (letter.characters, letter.fills) == (86, (67, 19))
    assert measure(TEXTS[1].replace("ê", "e")).fills == (86,)
    assert (sign.characters, sign.units) == (149, 150)
    with_mention = TEXTS[2] + "\nSTOP 36111"
    assert (measure(with_mention).units, measure(with_mention).segments) == (161, 2)
    assert shorten(with_mention) == with_mention.replace("€", "E")
    assert measure(shorten(with_mention)).segments == 1
    cover = simulate(Simulation((("FR", 2698), ("GB", 5), ("MQ", 2)), TEXTS[0]), default_tariff(), "36111").cover
    assert cover is not None
    assert cover.packs == ((1000, 2), (500, 1), (100, 2), (50, 1))
