"""What a host knows about one edge node: born or dead, its aliases, its sequence. Pure.

Nothing is believed of a node that was not born, or of which a message is missing: metrics may have
other aliases since. Then a birth is asked for, not too often, and until it comes the node is as
good as dead. A will that belongs to an earlier birth is ignored.

Source: Eclipse Sparkplug 3.0.0, chapters 5 "Operational Behavior" and 6 "Payloads".
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drivers.mqtt.sparkplug.metric import Metric, Payload, Raw, typed
from drivers.mqtt.sparkplug.topic import Kind
from drivers.payload import BadPayload, shown

BD_SEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"
SEQ_WRAP = 256
REBIRTH_S = 2.0
"""A birth is not asked for more often than this."""
DEVICES_MAX = 200
ALIASES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Known:
    """A metric as its birth described it."""

    device: str
    """Empty: the node's own."""
    name: str
    kind: int
    unit: str
    alias: int | None


@dataclass(frozen=True, slots=True)
class News:
    """One value of a born metric."""

    known: Known
    value: Raw | None
    """None: null, or of a type that is not ours."""
    at_ms: int | None
    historical: bool
    quality: int | None
    unit: str


@dataclass(slots=True)
class Session:
    """The state of one node; `take` is the only thing that changes it."""

    alive: bool = False
    devices: set[str] = field(default_factory=set)
    """Those that were born and have not died."""
    trouble: str = "it was not born yet"
    gaps: int = 0
    """Messages that were missing, so far."""
    _bd_seq: int | None = None
    _seq: int | None = None
    _names: dict[tuple[str, str], Known] = field(default_factory=dict)
    _aliases: dict[int, Known] = field(default_factory=dict)
    _asked_s: float = -math.inf
    _wanted: bool = False

    def there(self, device: str) -> bool:
        """Say whether the node is there and, where one is named, its device."""
        return self.alive and (not device or device in self.devices)

    def known(self, device: str, name: str) -> Known | None:
        """Return a metric as its birth described it; None: it is not there."""
        return self._names.get((device, name))

    def lose(self, trouble: str) -> None:
        """Note that nothing is known any more; a birth is wanted at once."""
        self._forget(trouble)
        self._bd_seq = None
        self._asked_s = -math.inf

    def rebirth_due(self, now_s: float) -> bool:
        """Say whether to ask for a birth now; a yes counts as asked."""
        if self.alive and not self._wanted:
            return False
        if now_s - self._asked_s < REBIRTH_S:
            return False
        self._asked_s, self._wanted = now_s, False
        return True

    def take(self, kind: Kind, device: str, payload: Payload) -> list[News]:
        """Take one message in, and return what it tells.

        Raises:
            BadPayload: it breaks the rules; nothing of it counts.
        """
        match kind:
            case Kind.NBIRTH:
                return self._node_born(payload)
            case Kind.NDEATH:
                self._node_died(payload)
            case Kind.DBIRTH:
                return self._device_born(device, payload) if self._in_order(payload) else []
            case Kind.DDEATH:
                if self._in_order(payload):
                    self._drop(device)
            case Kind.NDATA | Kind.DDATA:
                return list(self._data(device, payload)) if self._in_order(payload) else []
            case Kind.NCMD | Kind.DCMD:
                pass
        return []

    def _node_born(self, payload: Payload) -> list[News]:
        seq = _seq(payload)
        born, aliases = _described("", payload)
        self._forget("")
        self._names.update({("", known.name): known for known in born.values()})
        self._aliases.update(aliases)
        self._bd_seq, self._seq = _bd_seq(payload), seq
        self.alive, self._wanted = True, False
        return _told(born, payload)

    def _node_died(self, payload: Payload) -> None:
        bd_seq = _bd_seq(payload)
        if self.alive and None not in (self._bd_seq, bd_seq) and bd_seq != self._bd_seq:
            return
        self._forget("it has died")

    def _device_born(self, device: str, payload: Payload) -> list[News]:
        born, aliases = _described(device, payload)
        if device not in self.devices and len(self.devices) >= DEVICES_MAX:
            raise BadPayload(f"more than {DEVICES_MAX} devices")
        self._drop(device)
        taken = aliases.keys() & self._aliases.keys()
        if taken:
            raise BadPayload(f"the alias {min(taken)} belongs to another metric")
        if len(self._aliases) + len(aliases) > ALIASES_MAX:
            raise BadPayload(f"more than {ALIASES_MAX} aliases")
        self.devices.add(device)
        self._names.update({(device, known.name): known for known in born.values()})
        self._aliases.update(aliases)
        return _told(born, payload)

    def _data(self, device: str, payload: Payload) -> Iterator[News]:
        if device and device not in self.devices:
            self._wanted = True
            raise BadPayload(f"the device {shown(device)} was not born")
        for metric in payload.metrics:
            known = self._which(device, metric)
            if known is None or known.device != device:
                self._wanted = True
                raise BadPayload(f"{shown(metric.name or metric.alias)} was not born")
            yield _news(known, metric, payload)

    def _which(self, device: str, metric: Metric) -> Known | None:
        if metric.name:
            return self._names.get((device, metric.name))
        return None if metric.alias is None else self._aliases.get(metric.alias)

    def _in_order(self, payload: Payload) -> bool:
        """Say whether this is the next message of a born node; a repeated one is passed over."""
        if not self.alive:
            self._wanted = True
            return False
        seq = _seq(payload)
        assert self._seq is not None, "a born node has one"
        if seq == self._seq:
            return False
        if seq != (self._seq + 1) % SEQ_WRAP:
            self.gaps += 1
            self._forget("a message of it is missing")
            self._wanted = True
            return False
        self._seq = seq
        return True

    def _drop(self, device: str) -> None:
        self.devices.discard(device)
        self._names = {key: known for key, known in self._names.items() if key[0] != device}
        self._aliases = {a: known for a, known in self._aliases.items() if known.device != device}

    def _forget(self, trouble: str) -> None:
        self.alive, self.trouble, self._seq = False, trouble, None
        self.devices.clear()
        self._names.clear()
        self._aliases.clear()


def _described(device: str, payload: Payload) -> tuple[Mapping[int, Known], Mapping[int, Known]]:
    """Return the metrics of a birth by their place in it, and by their aliases."""
    born: dict[int, Known] = {}
    aliases: dict[int, Known] = {}
    names: set[str] = set()
    for place, metric in enumerate(payload.metrics):
        if not metric.name:
            raise BadPayload("a metric is born without a name")
        if metric.name in names:
            raise BadPayload(f"{shown(metric.name)} is born twice")
        if metric.alias in aliases:
            raise BadPayload(f"the alias {metric.alias} is given twice")
        names.add(metric.name)
        born[place] = Known(device, metric.name, metric.kind, metric.unit, metric.alias)
        if metric.alias is not None:
            aliases[metric.alias] = born[place]
    return born, aliases


def _told(born: Mapping[int, Known], payload: Payload) -> list[News]:
    return [_news(born[n], metric, payload) for n, metric in enumerate(payload.metrics)]


def _news(known: Known, metric: Metric, payload: Payload) -> News:
    value = metric.value
    if value is not None and not metric.kind:
        value = typed(value, known.kind)
    at_ms = metric.at_ms if metric.at_ms is not None else payload.at_ms
    unit = metric.unit or known.unit
    return News(known, value, at_ms, metric.historical, metric.quality, unit)


def _seq(payload: Payload) -> int:
    if payload.seq is None or not 0 <= payload.seq < SEQ_WRAP:
        raise BadPayload(f"{shown(payload.seq)} is no sequence number")
    return payload.seq


def _bd_seq(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == BD_SEQ and isinstance(metric.value, int):
            return int(metric.value)
    return None
