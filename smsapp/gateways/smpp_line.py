"""A line to an SMSC: `smpplib` writes and reads the packets, over TCP or TLS."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from smpplib import client as wire  # type: ignore[import-untyped]

_packets = logging.getLogger("smsapp.gateways.smpp.packets")
_packets.setLevel(logging.ERROR)  # below that it would write numbers and passwords

CONNECT_S = 5.0
LONGEST_PACKET = 1 << 20  # bytes


class Line(wire.Client):  # type: ignore[misc]
    """A client whose TLS verifies the name of the SMSC, and which waits for nothing but its bind: a line may
    be readable and hold no whole packet, or, under TLS, nothing for us at all.
    """

    def __init__(self, host: str, port: int, *, tls: bool) -> None:
        super().__init__(
            host,
            port,
            timeout=CONNECT_S,
            logger_name=_packets.name,
            ssl_context=ssl.create_default_context() if tls else None,
            allow_unknown_opt_params=True,
        )
        self._heard = bytearray()

    def hear(self) -> bool:
        """Take in what has arrived. Whether there was something; raises ConnectionError at the end of the line."""
        self._socket.settimeout(0)
        try:
            part = self._socket.recv(65_536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self._socket.settimeout(self.timeout)
        if not part:
            raise ConnectionError
        self._heard += part
        return True

    def packets(self) -> Iterator[Any]:
        """The whole packets of what has arrived."""
        while len(self._heard) >= 4:
            length = int.from_bytes(self._heard[:4], "big")
            if not 16 <= length <= LONGEST_PACKET:
                raise ValueError("no SMPP")
            if len(self._heard) < length:
                return
            yield self.read_pdu()

    def _recv_exact(self, exact_size: int) -> bytes:
        while len(self._heard) < exact_size:
            part = self._socket.recv(65_536)
            if not part:
                raise ConnectionError
            self._heard += part
        taken = bytes(self._heard[:exact_size])
        del self._heard[:exact_size]
        return taken

    def _create_socket(self) -> socket.socket:
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.settimeout(self.timeout)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context: ssl.SSLContext | None = self._ssl_context
        return raw if context is None else context.wrap_socket(raw, server_hostname=self.host)


def close(client: Line) -> None:
    """End it, whatever state it is in."""
    try:
        client.disconnect()
    except OSError:
        return
