"""A simulation as the query of an address (`fr=5000&mq=120&text=...`), to share, reload and go back to."""

from urllib.parse import parse_qsl, urlencode

from smsapp.domain.tariff import SmsType
from smsapp.simulator.service import MOST_PEOPLE, NotSimulated, Simulation, territory_named

MOST_FIELDS = 300
MOST_QUERY = 200_000


def to_query(asked: Simulation) -> str:
    """The query of a simulation; `from_query` gives the simulation back."""
    pairs = [(territory.lower(), str(count)) for territory, count in asked.rows]
    if asked.sms_type is not SmsType.PRO:
        pairs.append(("type", asked.sms_type.value))
    pairs += [(name, "1") for name in ("sender", "stop") if getattr(asked, name)]
    if asked.text:
        pairs.append(("text", asked.text))
    return urlencode(pairs)


def from_query(query: str) -> Simulation:
    """Read an address that anybody may have tampered with. Raises NotSimulated, naming what is wrong."""
    if len(query) > MOST_QUERY:
        raise NotSimulated("simulator.bad_address")
    try:
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise NotSimulated("simulator.bad_address") from None
    rows, text, sms_type, flags = [], "", SmsType.PRO, {"sender": False, "stop": False}
    for name, value in pairs:
        if name == "text":
            text = value
        elif name == "type":
            if value not in tuple(SmsType):
                raise NotSimulated("simulator.bad_option", name=name, value=value[:20])
            sms_type = SmsType(value)
        elif name in flags:
            if value not in ("0", "1"):
                raise NotSimulated("simulator.bad_option", name=name, value=value[:20])
            flags[name] = value == "1"
        else:
            rows.append((territory_named(name), volume(value)))
    return Simulation(tuple(rows), text, sms_type, flags["sender"], flags["stop"])


def volume(text: str) -> int:
    """A number of recipients as typed, spaces allowed. Raises NotSimulated for anything but a whole number in range."""
    plain = "".join(text.split())
    if not (plain.isascii() and plain.isdigit()):
        raise NotSimulated("simulator.bad_volume", value=text[:20])
    if len(plain.lstrip("0")) > len(str(MOST_PEOPLE)) or int(plain) > MOST_PEOPLE:
        raise NotSimulated("simulator.too_many", most=MOST_PEOPLE)
    return int(plain)
