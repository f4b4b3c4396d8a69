"""Which pages may talk to us. A POST or a websocket says where it comes from (Origin); a cookie alone proves nothing.

Allowed: the origins of the settings, and on a machine of one's own (a local public address) the address that was asked,
when it is loopback. A missing Origin is refused where a browser would send one: every browser names the origin of a
POST form and of a websocket.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from smsapp.settings import LOCAL_HOSTS, Settings


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """One header of an ASGI scope, empty when absent; several of one name are joined as browsers mean them."""
    found = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return ("; " if name == b"cookie" else ", ").join(found)


def is_ours(origin: str, host: str, settings: Settings) -> bool:
    """Whether a page of ``origin`` may act on the server that was addressed as ``host``."""
    if not origin or origin == "null":
        return False
    if origin in settings.origins:
        return True
    local = urlsplit(settings.public_url).hostname in LOCAL_HOSTS
    return local and origin == f"http://{host}" and urlsplit(origin).hostname in LOCAL_HOSTS
