"""The engine as the settings want it: the same in the web process and in every `smsapp worker`."""

from collections.abc import Callable

from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.db import Database
from smsapp.gateways.fleet import Fleet
from smsapp.gateways.simulator import Simulator
from smsapp.gateways.vault import Vault
from smsapp.sending.dispatcher import OnChange
from smsapp.sending.engine import Engine
from smsapp.settings import Settings


def fleet_of(db: Database, settings: Settings) -> Fleet:
    """The gateways of this process: the operator's, or the simulated network with its journal beside the database."""
    if settings.gateway == "configured":
        return Fleet(db, Vault(settings.signing_key), settings.public_url)
    simulated = Simulator(
        settings.simulator_seed, settings.simulator_speed, settings.data_dir / "simulator.journal", db.clock.now
    )
    return Fleet(db, None, settings.public_url, [simulated])


def engine_of(
    db: Database,
    settings: Settings,
    *,
    on_change: OnChange,
    on_ready: Callable[[], None],
    fleet: Fleet | None = None,
) -> Engine:
    """An engine that sends through ``fleet``, or one of its own."""
    terms = Terms.of(settings)
    fleet = fleet or fleet_of(db, settings)
    engine = Engine(
        db,
        fleet.router,
        lambda of, campaign_id: quote_campaign(of, campaign_id, terms),
        opens=terms.opens(),
        opens_in=terms.opens_in(),
        on_change=on_change,
        on_ready=on_ready,
        site=settings.public_url.rstrip("/"),
    )
    engine.scheduler.every(5, "gateways", fleet.follow)
    return engine
