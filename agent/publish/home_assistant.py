"""Plain MQTT topics of our values, and the messages by which Home Assistant finds them. Pure.

    <prefix>/<site>/<device>/<point>            {"value": 49.98, "unit": "Hz", "quality": "good", …}
    <prefix>/<site>/status                      online, or offline as the last will; retained
    homeassistant/sensor/<site>/<…>/config      one for each value, retained

A value that is not good goes out as null: a dashboard then shows that nothing is known.
"""

import json
from dataclasses import dataclass

from wire.block import Quality, Reading
from wire.clock import utc
from wire.points import STANDARD, unit_of

ONLINE, OFFLINE = b"online", b"offline"
EXPIRE_S = 90
"""Three repetitions of `agent.publish.news`; after that a value is unavailable."""
_CLASSES = {
    "kW": "power",
    "kWh": "energy_storage",
    "kvar": "reactive_power",
    "Hz": "frequency",
    "°C": "temperature",
    "V": "voltage",
    "A": "current",
    "s": "duration",
}


@dataclass(frozen=True, slots=True)
class Topics:
    """Where our values lie on the broker."""

    prefix: str
    site: str
    discovery_prefix: str = "homeassistant"

    @property
    def status(self) -> str:
        return f"{self.prefix}/{self.site}/status"

    def value(self, device: str, point: str) -> str:
        return f"{self.prefix}/{self.site}/{device}/{point}"

    def config(self, device: str, point: str) -> str:
        return f"{self.discovery_prefix}/sensor/{self.site}/{_object(device, point)}/config"


def value(reading: Reading) -> bytes:
    """Return the message of one value."""
    good = reading.quality is Quality.GOOD
    return _json(
        {
            "value": reading.value if good else None,
            "unit": unit_of(reading.point),
            "quality": reading.quality.name.lower(),
            "timestamp": utc(reading.at_us).isoformat().replace("+00:00", "Z"),
        }
    )


def config(topics: Topics, device: str, point: str, site_name: str) -> bytes:
    """Return the message by which Home Assistant learns of one value."""
    standard = STANDARD.get(point)
    unit = unit_of(point)
    document: dict[str, object] = {
        "name": point if standard is None else standard.text_en,
        "unique_id": f"phoenyra_{topics.site}_{_object(device, point)}",
        "object_id": f"{topics.site}_{_object(device, point)}",
        "state_topic": topics.value(device, point),
        "value_template": "{{ value_json.value }}",
        "availability_topic": topics.status,
        "payload_available": ONLINE.decode(),
        "payload_not_available": OFFLINE.decode(),
        "expire_after": EXPIRE_S,
        "state_class": "measurement",
        "device": {
            "identifiers": [f"phoenyra_{topics.site}_{device}"],
            "name": f"{site_name} {device}",
            "manufacturer": "Phoenyra",
        },
    }
    if unit:
        document["unit_of_measurement"] = unit
    if point == "battery.soc_pct":
        document["device_class"] = "battery"
    elif unit in _CLASSES:
        document["device_class"] = _CLASSES[unit]
    if standard is not None:
        document["suggested_display_precision"] = standard.decimals
    return _json(document)


def _object(device: str, point: str) -> str:
    return f"{device}_{point}".replace(".", "_").replace("-", "_")


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
