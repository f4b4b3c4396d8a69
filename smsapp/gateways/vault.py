"""Secrets of gateways at rest: encrypted with a key derived from the installation's secret key, bound to one gateway.

Whoever has a copy of the database alone reads nothing. When the secret key changes, nobody does: the gateway then
carries nothing until its secrets are given again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Sealed(Exception):
    """The secrets cannot be read with this installation's key."""


class Vault:
    """Seals and opens the secrets of gateways. ``secret``: the installation's secret key."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def seal(self, name: str, secrets: Mapping[str, str]) -> str:
        """The secrets of the gateway of that name, as text for the database."""
        return self._fernet(name).encrypt(json.dumps(dict(secrets)).encode()).decode()

    def open(self, name: str, sealed: str) -> dict[str, str]:
        """The secrets again.

        Raises:
            Sealed: another key, another gateway's, or changed.
        """
        try:
            found = json.loads(self._fernet(name).decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            raise Sealed from None
        return {str(key): str(value) for key, value in found.items()}

    def _fernet(self, name: str) -> Fernet:
        derived = HKDF(SHA256(), 32, None, b"smsapp gateway secrets\0" + name.encode()).derive(self._secret)
        return Fernet(base64.urlsafe_b64encode(derived))
