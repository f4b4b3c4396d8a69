"""What every gateway must keep (`smsapp/gateways/contract.py`), to be inherited by the tests of each one.

A subclass gives the fixture `gateway`, a gateway ready to carry, and `reachable`, a number that it takes.
"""

from __future__ import annotations

import pytest

from smsapp.domain.tariff import SmsType
from smsapp.gateways.contract import BadSignature, Gateway, Health, Hook, Outcome, Result, Submit


def message(key: str, e164: int, text: str = "Bonjour", sender: str | None = None, segments: int = 1) -> Submit:
    """An SMS Pro."""
    return Submit(key, e164, text, sender, SmsType.PRO, segments)


def well_formed(result: Result) -> bool:
    """Whether a result carries what its outcome promises."""
    if result.outcome is Outcome.RETRY:
        return result.retry_after is not None and result.retry_after >= 0
    return result.outcome is not Outcome.REJECTED or result.cause is not None


class GatewayContract:
    reachable: int

    async def test_it_is_a_gateway(self, gateway: Gateway) -> None:
        assert isinstance(gateway, Gateway)
        assert gateway.name
        assert gateway.caps.max_batch >= 1
        assert gateway.caps.max_tps > 0

    async def test_one_result_for_each_message_in_order(self, gateway: Gateway) -> None:
        batch = [message(f"order-{n}", self.reachable) for n in range(min(gateway.caps.max_batch, 20))]
        results = await gateway.submit(batch)
        assert [r.key for r in results] == [m.key for m in batch]
        assert all(well_formed(r) for r in results)

    async def test_an_empty_batch_has_no_result(self, gateway: Gateway) -> None:
        assert await gateway.submit([]) == []

    @pytest.mark.parametrize(
        "odd",
        [
            message("odd-zero", 0),
            message("odd-negative", -33612345601),
            message("odd-long", 10**30),
            message("odd-empty", 33612345601, text=""),
            message("odd-huge", 33612345601, text="x" * 100_000, segments=654),
            message("odd-surrogate-\ud800", 33612345601, text="\ud800"),
            message("odd-sender", 33612345601, sender="\N{SNOWMAN}" * 40),
            message("", 33612345601),
        ],
        ids=lambda m: m.key.split("-")[-1].encode("ascii", "ignore").decode() or "no key",
    )
    async def test_no_message_makes_it_raise(self, gateway: Gateway, odd: Submit) -> None:
        (result,) = await gateway.submit([odd])
        assert result.key == odd.key
        assert well_formed(result)

    async def test_find_settles_what_was_taken(self, gateway: Gateway) -> None:
        (result,) = await gateway.submit([message("found", self.reachable)])
        assert result.outcome is Outcome.ACCEPTED
        found = await gateway.find("found")
        if gateway.caps.lookup_by_ref:
            assert found is not None
            assert (found.key, found.outcome, found.gateway_id) == ("found", Outcome.ACCEPTED, result.gateway_id)
        else:
            assert found is None

    async def test_find_does_not_know_what_was_never_submitted(self, gateway: Gateway) -> None:
        assert await gateway.find("never") is None

    async def test_a_callback_that_proves_nothing_brings_nothing(self, gateway: Gateway) -> None:
        hook = Hook("POST", "/hooks/x", {}, {"key": "found", "type": "1"}, b'{"status": "DELIVERED"}', "203.0.113.9")
        try:
            events, reply = gateway.parse(hook)
        except BadSignature:
            return
        assert events == []
        assert reply.status >= 400

    async def test_the_balance_is_known_where_it_is_promised(self, gateway: Gateway) -> None:
        assert (await gateway.balance() is not None) == gateway.caps.balance

    async def test_a_test_that_sends_nothing_finds_it_good(self, gateway: Gateway) -> None:
        assert await gateway.check() is Health.GOOD

    async def test_closing_ends_the_events_and_may_be_repeated(self, gateway: Gateway) -> None:
        await gateway.close()
        await gateway.close()
        assert [batch async for batch in gateway.events()] == []

    async def test_a_closed_gateway_takes_nothing_and_does_not_raise(self, gateway: Gateway) -> None:
        await gateway.close()
        (result,) = await gateway.submit([message("closed", self.reachable)])
        assert result.outcome is Outcome.RETRY
