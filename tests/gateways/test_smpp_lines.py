"""SMPP over TLS, and over a transmitter and a receiver side by side, against a real SMSC."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smsapp.domain.delivery import Cause, State
from smsapp.gateways.contract import Dlr, Health, Mo, Outcome
from smsapp.gateways.smpp import Smpp
from tests.gateways.test_smpp import PHONE, Reader, smpp
from tests.peers.smsc import Smsc, start_smsc
from tests.unit.gateways.contract_suite import GatewayContract, message

HOUR = timedelta(hours=1)
HERE = x509.IPAddress(ip_address("127.0.0.1"))


def certificate(folder: Path, name: x509.GeneralName) -> tuple[Path, Path]:
    """A key and a certificate for this name, signed by itself: its own authority."""
    secret = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smsc")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, secret.public_key(), x509.random_serial_number(), now - HOUR, now + HOUR)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    key, cert = folder / "key.pem", folder / "cert.pem"
    plain = serialization.NoEncryption()
    key.write_bytes(secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key, cert


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Smsc, Path]]:
    """A centre that speaks TLS only, and the file of who signed for it."""
    key, cert = certificate(tmp_path_factory.mktemp("tls"), HERE)
    with start_smsc((key, cert)) as smsc:
        yield smsc, cert


@pytest.fixture
def trusted(secret: tuple[Smsc, Path], monkeypatch: pytest.MonkeyPatch) -> Smsc:
    smsc, authority = secret
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    return _fresh(smsc)


@pytest.fixture(scope="module")
def at_work() -> Iterator[Smsc]:
    with start_smsc() as smsc:
        yield smsc


@pytest.fixture
def plain(at_work: Smsc) -> Smsc:
    return _fresh(at_work)


def _fresh(smsc: Smsc) -> Smsc:
    smsc.tell("set", delay=10, mute=0, drop_after=0, overtake=0, no_tlv=0, text_hex=0)
    smsc.tell("lose", transmitter=0, receiver=0)
    smsc.tell("forget")
    return smsc


async def both_ways(gateway: Smpp, smsc: Smsc) -> None:
    """Hundreds leave within the window, each is reported, replies of one part and of two arrive whole."""
    reader = Reader(gateway)
    batches = [[message(f"m-{b}-{n}", PHONE + n, "é" * 200) for n in range(60)] for b in range(4)]
    results = [r for some in await asyncio.gather(*map(gateway.submit, batches)) for r in some]
    assert Counter(r.outcome for r in results) == {Outcome.ACCEPTED: 240}
    smsc.tell("reply", **{"from": PHONE, "to": "36111", "text": "STOP é€"})
    smsc.tell("reply", **{"from": PHONE, "to": "36111", "text": "Ça marche, merci beaucoup 😀", "parts": 1})
    seen = await reader.until(lambda events: len(events) >= 242)
    # One that comes much before its answer bears the identifier only, by which it is found later.
    of = {r.gateway_id: r.key for r in results}
    assert {e.key or of[e.gateway_id] for e in seen if isinstance(e, Dlr)} == {r.key for r in results}
    assert {e.text for e in seen if isinstance(e, Mo)} == {"STOP é€", "Ça marche, merci beaucoup 😀"}
    assert len(smsc.tell("got")) == 480
    await reader.stop()


class TestContractOverTls(GatewayContract):
    reachable = PHONE

    @pytest.fixture
    async def gateway(self, trusted: Smsc) -> AsyncIterator[Smpp]:
        made = smpp(trusted, tls="yes")
        yield made
        await made.close()


class TestContractOfAPair(GatewayContract):
    reachable = PHONE

    @pytest.fixture
    async def gateway(self, plain: Smsc) -> AsyncIterator[Smpp]:
        made = smpp(plain, bind="pair")
        yield made
        await made.close()


@pytest.mark.parametrize("bind", ["transceiver", "pair"])
async def test_everything_travels_over_tls(trusted: Smsc, bind: str) -> None:
    gateway = smpp(trusted, tls="yes", bind=bind)
    await both_ways(gateway, trusted)
    await gateway.close()


async def test_a_line_under_tls_that_drops_is_made_again(trusted: Smsc) -> None:
    """What was on it is unknown, what was not is not taken, and the next one is trusted anew."""
    gateway = smpp(trusted, tls="yes", window=20)
    assert await gateway.check() is Health.GOOD
    trusted.tell("set", drop_after=trusted.tell("stats")["submitted"] + 50)
    results = await gateway.submit([message(f"drop-{n}", PHONE + n) for n in range(200)])
    assert 1 <= Counter(r.outcome for r in results)[Outcome.UNKNOWN] <= 20
    taken = {one["to"] for one in trusted.tell("got")}
    assert not taken & {str(PHONE + n) for n, r in enumerate(results) if r.outcome is Outcome.RETRY}
    (after,) = await gateway.submit([message("after", PHONE)])
    assert after.outcome is Outcome.ACCEPTED
    await gateway.close()


async def test_an_authority_that_is_not_known_is_not_trusted(secret: tuple[Smsc, Path]) -> None:
    """Nothing of ours goes over such a line, not even the password."""
    smsc, _ = secret
    binds = smsc.tell("stats")["binds"]
    gateway = smpp(smsc, tls="yes")
    assert await gateway.check() is Health.UNREACHABLE
    (result,) = await gateway.submit([message("no", PHONE)])
    assert (result.outcome, result.cause) == (Outcome.RETRY, Cause.GATEWAY)
    assert smsc.tell("stats")["binds"] == binds
    await gateway.close()


async def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, cert = certificate(tmp_path, x509.DNSName("smsc.example"))
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with start_smsc((key, cert)) as smsc:
        gateway = smpp(smsc, tls="yes")
        assert await gateway.check() is Health.UNREACHABLE
        assert smsc.tell("stats")["binds"] == 0
        await gateway.close()


async def test_without_tls_one_that_wants_it_is_not_reached(trusted: Smsc) -> None:
    binds = trusted.tell("stats")["binds"]
    gateway = smpp(trusted)
    assert await gateway.check() is Health.UNREACHABLE
    assert trusted.tell("stats")["binds"] == binds
    await gateway.close()


async def test_a_pair_sends_over_one_line_and_hears_over_the_other(plain: Smsc) -> None:
    """What the SMSC does not take from a receiver, nor tell a transmitter, it takes and tells."""
    gateway = smpp(plain, bind="pair")
    assert await gateway.check() is Health.GOOD
    assert sorted(plain.tell("stats")["roles"]) == ["receiver", "transmitter"]
    await both_ways(gateway, plain)
    await gateway.close()


async def test_nothing_leaves_while_nobody_hears_the_replies(plain: Smsc) -> None:
    """S45: the STOP that no receiver hears would be none."""
    gateway = smpp(plain, bind="pair")
    assert await gateway.check() is Health.GOOD
    plain.tell("lose", receiver=1)
    plain.tell("drop", role="receiver")
    async with asyncio.timeout(15):
        while await gateway.check() is not Health.REFUSED:
            await asyncio.to_thread(plain.tell, "stats")
    (result,) = await gateway.submit([message("deaf", PHONE)])
    assert (result.outcome, result.cause) == (Outcome.RETRY, Cause.GATEWAY)
    assert plain.tell("got") == []
    await gateway.close()


async def test_what_is_told_to_a_receiver_that_was_away_is_told_to_the_next(plain: Smsc) -> None:
    gateway = smpp(plain, bind="pair")
    reader = Reader(gateway)
    plain.tell("set", delay=300)
    (result,) = await gateway.submit([message("late", PHONE)])
    plain.tell("drop", role="receiver")
    (event,) = await reader.until(lambda events: len(events) >= 1)
    assert isinstance(event, Dlr)
    assert (event.key, event.gateway_id, event.state) == ("late", result.gateway_id, State.DELIVERED)
    await reader.stop()
    await gateway.close()


async def test_a_report_that_overtakes_its_answer_waits_for_it(plain: Smsc) -> None:
    """Over two lines either may come first; the identifier may be written in another way than the answer will."""
    plain.tell("set", overtake=1, no_tlv=1, text_hex=1)
    gateway = smpp(plain, bind="pair")
    reader = Reader(gateway)
    (result,) = await gateway.submit([message("early", PHONE)])
    (event,) = await reader.until(lambda events: len(events) >= 1)
    assert isinstance(event, Dlr)
    assert (event.key, event.gateway_id) == ("early", result.gateway_id)
    await reader.stop()
    await gateway.close()


async def test_a_transmitter_that_drops_leaves_unknown_what_was_on_it(plain: Smsc) -> None:
    """The reports come in over the receiver, which never went away."""
    gateway = smpp(plain, bind="pair", window=20)
    reader = Reader(gateway)
    assert await gateway.check() is Health.GOOD
    plain.tell("set", drop_after=plain.tell("stats")["submitted"] + 50)
    results = await gateway.submit([message(f"drop-{n}", PHONE + n) for n in range(200)])
    assert 1 <= Counter(r.outcome for r in results)[Outcome.UNKNOWN] <= 20
    (after,) = await gateway.submit([message("after", PHONE)])
    assert after.outcome is Outcome.ACCEPTED
    known = {r.key for r in (*results, after) if r.outcome is Outcome.ACCEPTED}
    of = {r.gateway_id: r.key for r in (*results, after)}
    await reader.until(lambda events: known <= {e.key or of.get(e.gateway_id) for e in events if isinstance(e, Dlr)})
    await reader.stop()
    await gateway.close()


async def test_a_pair_of_which_one_is_refused_is_refused(plain: Smsc) -> None:
    plain.tell("lose", transmitter=1)
    gateway = smpp(plain, bind="pair")
    assert await gateway.check() is Health.REFUSED
    await gateway.close()
