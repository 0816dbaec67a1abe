"""A `drivers.modbus.line.Line` without a socket: registers in memory, faults on demand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drivers.errors import DeviceUnreachable
from drivers.modbus.line import Refusal
from drivers.point import Kind

Place = tuple[Kind, int]


@dataclass(frozen=True)
class Write:
    kind: Kind
    start: int
    registers: tuple[int, ...]
    multiple: bool | None


@dataclass
class ScriptedLine:
    """Answers from `words`; an address in `refused` costs the whole request."""

    words: dict[Place, int] = field(default_factory=dict)
    refused: set[Place] = field(default_factory=set)
    connections: int = 1
    reads: list[tuple[Kind, int, int]] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    keeps: bool = True
    """False: every write is acknowledged and forgotten."""
    fault: Callable[[list[int]], list[int]] = lambda answer: answer
    """Given each answer; may change it, or raise `DeviceUnreachable`."""

    async def read(self, kind: Kind, start: int, count: int) -> list[int] | Refusal:
        self.reads.append((kind, start, count))
        places = [(kind, start + step) for step in range(count)]
        answer = self.fault([self.words.get(place, 0) for place in places])
        return Refusal(2) if self.refused.intersection(places) else answer

    async def write(
        self, kind: Kind, start: int, registers: Sequence[int], multiple: bool | None = None
    ) -> Refusal | None:
        places = [(kind, start + step) for step in range(len(registers))]
        if self.refused.intersection(places):
            return Refusal(3)
        self.writes.append(Write(kind, start, tuple(registers), multiple))
        if self.keeps:
            self.words.update(zip(places, registers, strict=True))
        return None

    def close(self) -> None:
        self.connections += 1

    def break_off(self) -> None:
        """Lose the connection: the next one has another number."""
        self.connections += 1

    def taken(self) -> list[Write]:
        """Return the writes since the last call."""
        writes, self.writes = self.writes, []
        return writes


def unreachable(_: list[int]) -> list[int]:
    raise DeviceUnreachable("silent")
