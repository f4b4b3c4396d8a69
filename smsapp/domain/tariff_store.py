"""The tariffs of an installation: every version ever loaded, and the one that is current.

A version never changes once it is loaded, since quotes and running campaigns name it. The one packaged with smsapp is
always known, and is the current one until another is loaded.
"""

import os
import tempfile
from functools import lru_cache
from importlib import resources
from pathlib import Path

from smsapp.domain.errors import Refusal
from smsapp.domain.tariff import Tariff, default_tariff, parse_tariff


class VersionTaken(Refusal):
    """Another tariff with this version has been loaded: prices that campaigns rely on do not change."""

    key = "tariff.version_taken"


class UnknownVersion(Refusal):
    """No tariff of this version was ever loaded."""

    key = "tariff.unknown_version"


class TariffStore:
    """Tariffs in a directory (made on the first load): one TOML file per version, and `current`, which names one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def current(self) -> Tariff:
        """The tariff of new quotes."""
        try:
            version = (self._directory / "current").read_text("utf-8").strip()
        except FileNotFoundError:
            return default_tariff()
        return self.tariff_of(version)

    def tariff_of(self, version: str) -> Tariff:
        """The tariff that a quote or a campaign names; for "" (nothing named yet) the current one.

        Raises UnknownVersion.
        """
        if not version:
            return self.current()
        if version == default_tariff().version:
            return default_tariff()
        path = self._directory / f"{version}.toml"
        if version not in self.versions():
            raise UnknownVersion(version=version)
        return _parsed(path.read_text("utf-8"))

    def versions(self) -> list[str]:
        """Every known version, the packaged one included."""
        loaded = [path.stem for path in self._directory.glob("*.toml")]
        return sorted({default_tariff().version, *loaded})

    def load(self, text: str) -> Tariff:
        """Check a tariff file, keep it and make it current. Loading a known one again only makes it current.

        Raises TariffError when it is no tariff, VersionTaken when its version already has other contents.
        """
        tariff = parse_tariff(text)
        if tariff.version == default_tariff().version:
            known = resources.files("smsapp.domain").joinpath("tariff.toml").read_text(encoding="utf-8")
        else:
            path = self._directory / f"{tariff.version}.toml"
            known = path.read_text("utf-8") if path.exists() else ""
        if known and known != text:
            raise VersionTaken(version=tariff.version)
        self._directory.mkdir(parents=True, exist_ok=True)
        if not known:
            self._write(f"{tariff.version}.toml", text)
        self._write("current", f"{tariff.version}\n")
        return tariff

    def _write(self, name: str, text: str) -> None:
        handle, draft = tempfile.mkstemp(dir=self._directory, prefix=".")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, self._directory / name)


@lru_cache(maxsize=32)
def _parsed(text: str) -> Tariff:
    return parse_tariff(text)
