"""Every setting of smsapp, read once from the environment (``SMSAPP_*``), with what is unsafe refused in a sentence.

Nothing else in the product reads the environment. ``load()`` is called by the assembly, the command line and the tests;
the rest receives what it needs as arguments.
"""

import difflib
import os
import secrets
import stat
from datetime import time
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SMSAPP_"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class UnsafeSettings(Exception):
    """What is set cannot be run safely; the message says what to set instead."""


class Settings(BaseSettings):
    """See the table in README.md; a test compares the two."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data_dir: Path = Field(default=Path("data"), description="where the database, the secret key and uploads live")
    database_url: str = Field(default="", description="`postgresql+psycopg://...`; empty: SQLite in the data directory")
    public_url: str = Field(default="http://localhost:3000", description="the address people type; https unless local")
    allowed_origins: str = Field(default="", description="further origins that may open the websocket, comma separated")
    web_sends: bool = Field(
        default=True, description="the web process sends too; `false` (PostgreSQL): only `smsapp worker` does"
    )
    gateway: str = Field(
        default="simulator",
        description="who carries: `simulator` sends nothing out, `configured` uses the operator's gateways",
    )
    operators: str = Field(
        default="",
        description="identifiants of who sets up the gateways, comma separated, signed up beforehand; empty: nobody",
    )
    simulator_speed: float = Field(default=1.0, gt=0, description="how many times faster than life the simulator runs")
    simulator_seed: int = Field(default=1, description="the same seed gives the same fate to the same message")
    smtp_host: str = Field(default="", description="mail server; empty: e-mails are kept and shown under /demo")
    smtp_port: int = Field(default=587, gt=0, lt=65536, description="its port")
    smtp_user: str = Field(default="", description="its user, if it wants one")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="and the password")
    smtp_security: str = Field(
        default="starttls", pattern="^(starttls|tls|none)$", description="`starttls`, `tls` or `none`"
    )
    mail_from: str = Field(default="smsapp@localhost", description="sender of the e-mails")
    secret_key: SecretStr = Field(
        default=SecretStr(""), description="at least 32 characters; empty: made and kept in the data directory"
    )
    session_hours: int = Field(default=12, ge=1, le=720, description="how long a sign-in lasts")
    stop_short_code: str = Field(
        default="36111", pattern=r"^\d{5}$", description="the number to which STOP is replied (M6)"
    )
    opt_out_url: str = Field(
        default="",
        pattern=r"^([a-zA-Z0-9:/.-]{3,40})?$",
        description="address of the opt-out links in messages, a short domain if there is one; empty: the public one",
    )
    permitted_days: str = Field(
        default="mon,tue,wed,thu,fri,sat", description="days on which marketing may leave (M28)"
    )
    permitted_from: time = Field(
        default=time(8), description="first minute of the permitted hours, local to the recipient"
    )
    permitted_until: time = Field(default=time(20), description="last minute of the permitted hours")
    support_phone: str = Field(default="", description="support contact shown in the product (M17)")
    support_email: str = Field(default="", description="its e-mail")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _safe(self) -> "Settings":
        url = urlsplit(self.public_url)
        if url.scheme not in ("http", "https") or not url.hostname or url.path not in ("", "/"):
            raise ValueError("SMSAPP_PUBLIC_URL must be an address such as https://sms.example.org, without a path")
        if url.scheme == "http" and url.hostname not in LOCAL_HOSTS:
            raise ValueError(
                "SMSAPP_PUBLIC_URL is http on a public host: sessions would travel in clear. Set an https address"
            )
        for origin in self.origins:
            parts = urlsplit(origin)
            if "*" in origin or parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
                raise ValueError(
                    "SMSAPP_ALLOWED_ORIGINS must list whole origins such as https://sms.example.org, comma separated; "
                    "a star would let any site act for whoever is signed in"
                )
        if self.database_url and not self.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("SMSAPP_DATABASE_URL must begin with postgresql+psycopg:// (or be left empty for SQLite)")
        if self.is_sqlite and int(os.environ.get("GRANIAN_WORKERS") or 1) > 1:
            raise ValueError(
                "SQLite takes one process only: unset GRANIAN_WORKERS, or point SMSAPP_DATABASE_URL to PostgreSQL"
            )
        if self.is_sqlite and not self.web_sends:
            raise ValueError(
                "SMSAPP_WEB_SENDS=false leaves SQLite without a sender: point SMSAPP_DATABASE_URL to PostgreSQL"
            )
        if self.secret_key.get_secret_value() and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("SMSAPP_SECRET_KEY is too short: set 32 random characters or more, or leave it empty")
        if self.gateway not in ("simulator", "configured"):
            raise ValueError("SMSAPP_GATEWAY must be simulator or configured")
        if self.smtp_password.get_secret_value() and self.smtp_security == "none" and self.smtp_host not in LOCAL_HOSTS:
            raise ValueError("SMSAPP_SMTP_SECURITY=none would send the password in clear: set starttls or tls")
        if unknown := [day for day in self.days if day not in DAYS]:
            raise ValueError(f"SMSAPP_PERMITTED_DAYS has unknown days ({', '.join(unknown)}): use {', '.join(DAYS)}")
        if not time(8) <= self.permitted_from < self.permitted_until <= time(21, 30):
            raise ValueError(
                "SMSAPP_PERMITTED_FROM and SMSAPP_PERMITTED_UNTIL must lie between 08:00 and 21:30 (the charter)"
            )
        return self

    @property
    def is_sqlite(self) -> bool:
        return not self.database_url.startswith("postgresql")

    @property
    def demo(self) -> bool:
        """Demonstration mode: no mail server and no real gateway, so nothing leaves this machine."""
        return self.gateway == "simulator" and not self.smtp_host

    @property
    def days(self) -> list[str]:
        return [day.strip() for day in self.permitted_days.split(",") if day.strip()]

    @property
    def operator_names(self) -> frozenset[str]:
        """The identifiants of the operators, as accounts keep them."""
        return frozenset(name.strip().lower() for name in self.operators.split(",") if name.strip())

    @property
    def origins(self) -> list[str]:
        """Every origin whose pages may talk to us: the public one and the further ones, without a final slash."""
        listed = [self.public_url, *self.allowed_origins.split(",")]
        return [o.strip().rstrip("/") for o in listed if o.strip()]

    @property
    def opt_out_address(self) -> str:
        """What the opt-out links in messages begin with (M6)."""
        return (self.opt_out_url or self.public_url).rstrip("/")

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'smsapp.db'}"

    @cached_property
    def signing_key(self) -> str:
        """The secret key: as set, else the one kept in the data directory, made on the first start (mode 600)."""
        return self.secret_key.get_secret_value() or _kept_secret(self.data_dir / "secret.key")


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UnsafeSettings(f"{path} can be read by others: run `chmod 600 {path}`") from None
        return path.read_text("ascii").strip()
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(48))
    return key


def load() -> Settings:
    """Read the environment.

    Raises:
        UnsafeSettings: a value is wrong or unsafe; the message is the sentence to print.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        # SMSAPP_TEST_* speaks to the tests, not to the product.
        if name.startswith(PREFIX) and name not in known and not name.startswith(f"{PREFIX}TEST_"):
            near = difflib.get_close_matches(name, known, n=1)
            raise UnsafeSettings(f"{name} is not a setting of smsapp" + (f"; did you mean {near[0]}?" if near else ""))
    try:
        return Settings()
    except ValidationError as error:
        lines = [_sentence(e["loc"], e["msg"]) for e in error.errors()]
        raise UnsafeSettings("; ".join(lines)) from None


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(loc[0]).upper()}: {message}" if loc else message
