"""Files that were received and wait to be imported: on disk, under the account that sent them, for a day at most.

A reload, a lost connection or a restart finds the file again by its id, which stands in the page's address.
"""

import json
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smsapp.accounts.actor import Actor
from smsapp.domain.errors import Refusal

MAX_BYTES = 100 << 20
KEPT_SECONDS = 24 * 3600
KEPT_FILES = 5  # of one account

_ID_LENGTH = 22
_ID = re.compile(rf"[A-Za-z0-9_-]{{{_ID_LENGTH}}}")


class FileTooLarge(Refusal):
    key = "imports.bad.too_big"

    def __init__(self) -> None:
        super().__init__(limit=MAX_BYTES >> 20)


class UploadGone(Refusal):
    """The file was imported already, or is older than a day, or never was this account's."""

    key = "imports.upload_gone"


@dataclass(frozen=True)
class Upload:
    """A file received: ``name`` as its author called it, ``size`` in bytes."""

    id: str
    name: str
    size: int
    path: Path


class Incoming:
    """A file while it arrives: ``write`` its pieces, then ``done``; or ``discard`` it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.id = secrets.token_urlsafe(16)
        sayable = name.encode("utf-8", "replace").decode()  # a name of another system's, read from the command line
        self._name = Path(sayable.replace("\\", "/").replace("\0", "")).name[:255] or "import"
        self._path = folder / f"{self.id}.bin"
        self._file = self._path.open("xb")
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Take one more piece.

        Raises:
            FileTooLarge: what was written is gone then.
        """
        self._size += len(piece)
        if self._size > MAX_BYTES:
            self.discard()
            raise FileTooLarge
        self._file.write(piece)

    def done(self) -> Upload:
        """The file is whole."""
        self._file.close()
        self._path.with_suffix(".meta").write_text(json.dumps({"name": self._name, "size": self._size}))
        return Upload(self.id, self._name, self._size, self._path)

    def discard(self) -> None:
        """The file will not be whole: forget it."""
        with suppress(OSError):  # what is not written yet finds no room either
            self._file.close()
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".meta").unlink(missing_ok=True)


class Uploads:
    """The folder of received files; one subfolder per account."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self, actor: Actor, name: str, announced: int | None = None) -> Incoming:
        """Begin to receive a file of ``announced`` bytes (None: not said).

        Raises:
            FileTooLarge: before a byte of it is taken.
        """
        if announced is not None and announced > MAX_BYTES:
            raise FileTooLarge
        folder = self._of(actor)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(folder, KEPT_FILES - 1)
        return Incoming(folder, name)

    def find(self, actor: Actor, upload_id: str) -> Upload:
        """A file of the actor's account.

        Raises:
            UploadGone
        """
        return self._read(actor, upload_id, ".meta")

    def _read(self, actor: Actor, upload_id: str, suffix: str) -> Upload:
        if not _ID.fullmatch(upload_id):
            raise UploadGone
        path = self._of(actor) / f"{upload_id}.bin"
        try:
            meta = json.loads(path.with_suffix(suffix).read_text())
        except (OSError, ValueError) as error:
            raise UploadGone from error
        return Upload(upload_id, str(meta["name"]), int(meta["size"]), path)

    def note(self, actor: Actor, upload_id: str, chosen: Mapping[str, Any]) -> None:
        """Keep what was chosen and typed for a file that waits: plain values, which are forgotten with the file."""
        with suppress(UploadGone, OSError):  # imported meanwhile: there is nothing to come back to
            beside = self.find(actor, upload_id).path.with_suffix(f".{secrets.token_hex(4)}")
            beside.write_text(json.dumps(chosen))
            beside.rename(beside.with_suffix(".noted"))

    def noted(self, actor: Actor, upload_id: str) -> dict[str, Any]:
        """What `note` kept for a file, or nothing.

        Raises:
            UploadGone
        """
        try:
            found: dict[str, Any] = json.loads(self.find(actor, upload_id).path.with_suffix(".noted").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def claim(self, actor: Actor, upload_id: str) -> Upload:
        """Take a file for its import: a second claim finds nothing, so that two clicks import once.

        Raises:
            UploadGone
        """
        upload = self.find(actor, upload_id)
        try:
            upload.path.with_suffix(".meta").rename(upload.path.with_suffix(".claimed"))
        except FileNotFoundError as error:
            raise UploadGone from error
        return upload

    def claimed(self, actor: Actor, upload_id: str) -> Upload:
        """A file that was claimed, by this process or by one that is no more.

        Raises:
            UploadGone
        """
        return self._read(actor, upload_id, ".claimed")

    def give_back(self, account_id: int, upload_id: str) -> None:
        """The import of a claimed file did not happen: it can be claimed again."""
        path = self._folder / str(account_id) / f"{upload_id}.claimed"
        with suppress(FileNotFoundError):
            path.rename(path.with_suffix(".meta"))

    def remove(self, upload: Upload) -> None:
        """Forget a file and everything that was made of it."""
        for path in upload.path.parent.glob(f"{upload.id}.*"):
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Forget what is older than a day, of accounts too that send nothing more. To be called now and then."""
        for folder in self._folder.glob("*/"):
            _sweep(folder, KEPT_FILES)

    def _of(self, actor: Actor) -> Path:
        return self._folder / str(actor.account_id)


def _sweep(folder: Path, most: int) -> None:
    """Drop what is older than a day, and the oldest files beyond ``most``."""
    # The age of a file on disk, not a business instant: the machine's own clock.
    oldest = time.time() - KEPT_SECONDS
    for path in folder.iterdir():  # what a reading or a page left beside a file that was imported meanwhile
        if not (folder / f"{path.name[:_ID_LENGTH]}.bin").exists() and _written(path) < oldest:
            path.unlink(missing_ok=True)
    files = sorted(((_written(path), path) for path in folder.glob("*.bin")), reverse=True)
    for place, (at, path) in enumerate(files):
        claimed = path.with_suffix(".claimed").exists()  # being imported
        if (place >= most and not claimed) or at < oldest:
            for part in folder.glob(f"{path.stem}.*"):
                part.unlink(missing_ok=True)


def _written(path: Path) -> float:
    """When a file was written; long ago, if an import that ended meanwhile has removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
