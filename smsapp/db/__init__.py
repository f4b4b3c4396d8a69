"""Floor 2: the engine and its two doors. ``with db.read() as s`` and ``with db.write() as s`` are the only ways in.

Nobody else opens a session or commits. No gateway call and no ``await`` inside a door.
"""

from smsapp.db.clock import Clock, SimulatedClock, SystemClock
from smsapp.db.engine import BESIDE, Database, connect

__all__ = ["BESIDE", "Clock", "Database", "SimulatedClock", "SystemClock", "connect"]
