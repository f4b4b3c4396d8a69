"""A clone resolves to the versions that were tested: every package is pinned, and the installed one is the pinned one."""

import re
from importlib.metadata import distributions
from pathlib import Path

from tests.pins import ROOT, pinned

REGISTRY = re.compile(r"https?://[^\s\"']*(?:pypi|npmjs|pythonhosted|registry)[^\s\"']*", re.I)
TEXTS = {".py", ".toml", ".json", ".md", ".cfg", ".txt", ".yaml", ".yml", ".css", ".jsx", ".js", ".html", ".mako", ""}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_installed_package_is_pinned_to_its_version() -> None:
    pins = pinned()
    installed = {canonical(d.name): d.version for d in distributions() if canonical(d.name) != "smsapp"}
    assert installed == {name: pins.get(name) for name in installed}


def tracked() -> list[Path]:
    import subprocess

    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_no_tracked_file_names_the_host_of_a_package_registry() -> None:
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in tracked()
        if path.suffix in TEXTS and path.is_file() and path.name != "LICENSE"
        for match in [REGISTRY.search(path.read_text("utf-8", errors="replace"))]
        if match
    }
    assert found == {}


def test_npm_packages_are_locked_by_content_and_without_addresses() -> None:
    lock = (ROOT / "reflex.lock" / "package-lock.json").read_text("utf-8")
    assert '"integrity"' in lock
    assert '"resolved": "http' not in lock
