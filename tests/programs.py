"""Programs that some tests need and that no Python package brings, with the command that installs each."""

import os
import shutil

import pytest

REQUIRE_ALL = os.environ.get("SMSAPP_TEST_REQUIRE_ALL") == "1"
_KANNEL = "apt-get update && apt-get install -y --no-install-recommends kannel kannel-extras"
INSTALL = {"chromium": "apt-get update && apt-get install -y chromium", "bearerbox": _KANNEL, "smsbox": _KANNEL}
NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "bearerbox": ("bearerbox", "/usr/sbin/bearerbox"),
    "smsbox": ("smsbox", "/usr/sbin/smsbox"),
}


def need(program: str) -> str:
    """The path of ``program``; without it the test is skipped by name (a failure when everything is required)."""
    for name in NAMES[program]:
        if path := shutil.which(name):
            return path
    pytest.skip(f"{program} is not installed: {INSTALL[program]}")
