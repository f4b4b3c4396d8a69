"""What a person decided about a file: kept with the import, so that it goes on after a restart as it began."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from smsapp.imports.sandbox import Reading

POLICIES = ("complete", "replace", "skip", "add")
"""What to do with a number already in the book. Its state is never touched (M27)."""


@dataclass(frozen=True)
class Choices:
    """How to read; column -> field; group; blacklist or book; country of national numbers; known numbers; repairs.

    ``accepted`` are the reasons whose suggestions are taken ("*" for all), ``repairs`` the numbers typed for rows,
    ``days`` the days of consent.
    """

    reading: Reading
    mapping: Mapping[int, str]
    group_name: str = ""
    blacklist: bool = False
    region: str = ""
    policy: str = "complete"
    accepted: tuple[str, ...] = ()
    repairs: Mapping[int, str] = field(default_factory=dict)
    days: Mapping[int, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What ``of_json`` takes."""
        return asdict(self) | {
            "mapping": {str(k): v for k, v in self.mapping.items()},
            "repairs": {str(k): v for k, v in self.repairs.items()},
            "days": {str(k): v for k, v in self.days.items()},
            "accepted": list(self.accepted),
        }

    @staticmethod
    def of_json(kept: dict[str, Any]) -> "Choices":
        """The choices that were kept."""
        return Choices(
            **kept
            | {
                "reading": Reading.of_json(kept["reading"]),
                "mapping": {int(k): v for k, v in kept["mapping"].items()},
                "repairs": {int(k): v for k, v in kept["repairs"].items()},
                "days": {int(k): v for k, v in kept.get("days", {}).items()},
                "accepted": tuple(kept["accepted"]),
            }
        )
