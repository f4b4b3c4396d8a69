"""Marketing leaves in the recipient's own hours (M28)."""

from datetime import UTC, datetime

from smsapp.domain.hours import DEFAULT
from smsapp.sending.permitted import permitted


def test_each_number_has_its_own_evening() -> None:
    opens = permitted(DEFAULT)
    evening = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)  # a Wednesday: 21:00 in Paris, 15:00 in Martinique
    assert opens(33612345678, "FR", evening) == datetime(2026, 6, 18, 6, 0, tzinfo=UTC)
    assert opens(596696123456, "MQ", evening) == evening
