"""Settings: what is unsafe is refused with a sentence that says what to set; the table of README.md is true."""

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from smsapp.settings import PREFIX, Settings, UnsafeSettings, load
from tests.pins import ROOT


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SMSAPP_DATA_DIR", str(tmp_path))
    return monkeypatch


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"PUBLIC_URL": "http://sms.example.org"}, "Set an https address"),
        ({"PUBLIC_URL": "https://sms.example.org/path"}, "without a path"),
        ({"ALLOWED_ORIGINS": "*"}, "SMSAPP_ALLOWED_ORIGINS must list whole origins"),
        ({"ALLOWED_ORIGINS": "https://ok.example.org, sms.example.org"}, "whole origins"),
        ({"DATABASE_URL": "mysql://root@localhost/x"}, "must begin with postgresql"),
        ({"SECRET_KEY": "short"}, "32 random characters"),
        ({"SMTP_HOST": "mail.example.org", "SMTP_PASSWORD": "x", "SMTP_SECURITY": "none"}, "set starttls or tls"),
        ({"SMTP_SECURITY": "ssl"}, "SMSAPP_SMTP_SECURITY"),
        ({"GATEWAY": "pigeon"}, "SMSAPP_GATEWAY must be"),
        ({"WEB_SENDS": "false"}, "leaves SQLite without a sender"),
        ({"PERMITTED_UNTIL": "23:00"}, "between 08:00 and 21:30"),
        ({"PERMITTED_DAYS": "mon,lundi"}, "lundi"),
        ({"SIMULATOR_SPEED": "0"}, "SMSAPP_SIMULATOR_SPEED"),
        ({"PUBLIC_URI": "https://sms.example.org"}, "did you mean SMSAPP_PUBLIC_URL?"),
    ],
)
def test_unsafe_settings_are_refused_with_the_way_out(
    environment: pytest.MonkeyPatch, values: Mapping[str, str], sentence: str
) -> None:
    for name, value in values.items():
        environment.setenv(PREFIX + name, value)
    with pytest.raises(UnsafeSettings, match=sentence.replace("?", r"\?")):
        load()


def test_several_processes_on_sqlite_are_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GRANIAN_WORKERS", "4")
    with pytest.raises(UnsafeSettings, match="PostgreSQL"):
        load()


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = load().signing_key
    assert len(first) >= 32
    assert load().signing_key == first
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(UnsafeSettings, match="chmod 600"):
        _ = load().signing_key


def test_demonstration_mode_is_when_nothing_can_leave_the_machine(environment: pytest.MonkeyPatch) -> None:
    assert load().demo
    environment.setenv("SMSAPP_SMTP_HOST", "mail.example.org")
    assert not load().demo


def test_the_password_is_not_shown_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SMSAPP_SMTP_PASSWORD", "hunter2hunter2")
    assert "hunter2" not in repr(load())


def test_the_readme_lists_every_setting_and_no_other() -> None:
    rows = [
        line.split("`")[1]
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith("| `SMSAPP_")
    ]
    assert sorted(rows) == sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)
