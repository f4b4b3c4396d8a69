"""The engine as the settings want it: the same in the web process and in every `smsapp worker`."""

from collections.abc import Callable

from smsapp.campaigns.pricing import Terms, quote_campaign
from smsapp.db import Database
from smsapp.gateways.simulator import Simulator
from smsapp.sending.dispatcher import OnChange
from smsapp.sending.engine import Engine
from smsapp.settings import Settings


def engine_of(db: Database, settings: Settings, *, on_change: OnChange, on_ready: Callable[[], None]) -> Engine:
    """An engine that sends through the simulated network, with its journal beside the database."""
    terms = Terms.of(settings)
    gateway = Simulator(
        settings.simulator_seed, settings.simulator_speed, settings.data_dir / "simulator.journal", db.clock.now
    )
    return Engine(
        db,
        gateway,
        lambda of, campaign_id: quote_campaign(of, campaign_id, terms),
        opens=terms.opens(),
        opens_in=terms.opens_in(),
        on_change=on_change,
        on_ready=on_ready,
    )
