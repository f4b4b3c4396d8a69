"""Exact versions of every Python package, transitive ones too, as ``constraint-dependencies`` in pyproject.toml.

``uv run python -m tests.pins`` writes them from what uv has resolved (``uv lock --upgrade`` first to move forward).
uv.lock itself is not kept: it names the address that each file came from.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"constraint-dependencies = \[\n.*?^\]\n", re.S | re.M)


def locked() -> dict[str, str]:
    """Name -> version of every package of uv.lock, smsapp itself left out."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    return {p["name"]: p["version"] for p in lock["package"] if "editable" not in p["source"]}


def pinned() -> dict[str, str]:
    """Name -> version as pyproject.toml pins them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return dict(line.split("==") for line in project["tool"]["uv"]["constraint-dependencies"])


def main() -> None:
    path = ROOT / "pyproject.toml"
    lines = "".join(f'    "{name}=={version}",\n' for name, version in sorted(locked().items()))
    text, found = BLOCK.subn(f"constraint-dependencies = [\n{lines}]\n", path.read_text("utf-8"))
    if found != 1:
        sys.exit("pyproject.toml has no constraint-dependencies list to write to")
    path.write_text(text, "utf-8")
    print(f"{len(pinned())} packages pinned")


if __name__ == "__main__":
    main()
