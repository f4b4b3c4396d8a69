"""The names of the networks that reports speak of, by MCC-MNC: what gateways tell is a number."""

NAMES = {
    "20801": "Orange",
    "20802": "Orange",
    "20809": "SFR",
    "20810": "SFR",
    "20811": "SFR",
    "20813": "SFR",
    "20815": "Free",
    "20816": "Free",
    "20820": "Bouygues Telecom",
    "20821": "Bouygues Telecom",
    "20888": "Bouygues Telecom",
    "34001": "Orange Caraïbe",
    "34002": "SFR Caraïbe",
    "34003": "Free Caraïbe",
    "34020": "Digicel",
    "64700": "Orange Réunion",
    "64702": "Free Réunion",
    "64710": "SFR Réunion",
    "20601": "Proximus",
    "20610": "Orange Belgium",
    "20620": "Base",
    "21401": "Vodafone España",
    "21403": "Orange España",
    "21407": "Movistar",
    "22201": "TIM",
    "22210": "Vodafone Italia",
    "22288": "WindTre",
    "22801": "Swisscom",
    "22802": "Sunrise",
    "22803": "Salt",
    "23410": "O2 UK",
    "23415": "Vodafone UK",
    "23420": "Three UK",
    "23430": "EE",
    "26201": "Telekom",
    "26202": "Vodafone Deutschland",
    "26203": "O2 Deutschland",
}


def network(code: str | None) -> str:
    """The name of a network, its code when it has none here, empty when no report told."""
    return NAMES.get((code or "").replace("-", ""), code or "")
