"""Samples of one device, column by column, and their compact encoding. Pure.

A value reaches a `Block` as a `Reading`, and every hop from there carries the block: the link to
the gateway, the buffer, the upload, the hub's chunk. `encode` writes a versioned envelope
of scaled integers and deltas as JSON, deflated: about one byte a point for slow telemetry, and
exactly the same floats come back. The stored bytes are the uploaded bytes.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import pairwise

from wire import column, fields
from wire.fields import BadMessage
from wire.points import is_point_name

VERSION = 1
POINTS_MAX = 10_000
SAMPLES_MAX = 10_000
VALUES_MAX = 200_000
"""Points times samples of one block."""
INFLATED_BYTES_MAX = 8 * 1024 * 1024
"""Checked while inflating: a deflated bomb costs no more memory than this."""


class Quality(IntEnum):
    """How good a value is; a bad one carries no number."""

    GOOD = 0
    STALE = 1
    """Once good, now older than it may be."""
    BAD = 2
    """The device answered, but not with a usable value: sentinel, out of range, exception."""
    LOST = 3
    """The device did not answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one point as a driver read it."""

    point: str
    value: float | None
    """In the unit and sign of the point's name; None unless the quality is GOOD or STALE."""
    quality: Quality
    at_us: int
    """UTC, when the answer arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Consecutive samples of one device, column by column; every hop carries it unchanged.

    ``values[p][s]`` and ``quality[p][s]`` belong to ``points[p]`` at ``at_us[s]``:
    shape ``(points, samples)``. Unit and sign are those of the point's name.
    """

    device: str
    boot: str
    """Which run of the control process sampled this."""
    seq: int
    """Number of the first sample: counted per device and boot from 0, so a gap shows."""
    at_us: tuple[int, ...]
    points: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    """None where a point could not be read, never 0.0."""
    quality: tuple[tuple[Quality, ...], ...]
    step_us: int = 0
    """0: samples as they were read. Otherwise each value is the mean of the good ones of
    ``[at_us, at_us + step_us)``, and its quality the worst: what a full buffer was thinned to."""

    def __post_init__(self) -> None:
        shape = {len(column) for column in (*self.values, *self.quality)} | {len(self.at_us)}
        if len(shape) != 1 or not len(self.points) == len(self.values) == len(self.quality):
            raise ValueError("a block needs one value and one quality for each point and sample")
        if not self.at_us:
            raise ValueError("a block needs at least one sample")

    def followed_by(self, later: "Block") -> bool:
        """Say whether `later` continues this block, so that `merge` may join them."""
        return (
            (self.device, self.boot, self.points, self.step_us)
            == (later.device, later.boot, later.points, later.step_us)
            and later.seq == self.seq + len(self.at_us)
            and len(self.points) * (len(self.at_us) + len(later.at_us)) <= VALUES_MAX
            and len(self.at_us) + len(later.at_us) <= SAMPLES_MAX
        )


def sample(device: str, boot: str, seq: int, at_us: int, readings: Sequence[Reading]) -> Block:
    """Return a block of one sample."""
    return Block(
        device=device,
        boot=boot,
        seq=seq,
        at_us=(at_us,),
        points=tuple(reading.point for reading in readings),
        values=tuple((reading.value,) for reading in readings),
        quality=tuple((reading.quality,) for reading in readings),
    )


def merge(blocks: Sequence[Block]) -> list[Block]:
    """Join blocks that continue each other, also where other devices' blocks lie between them.

    The blocks of one device keep their order; a joined block stands where its first part stood.
    """
    runs: list[_Run] = []
    newest: dict[tuple[str, str], _Run] = {}
    for block in blocks:
        run = newest.get((block.device, block.boot))
        if run is None or not run.takes(block):
            run = _Run()
            runs.append(run)
            newest[block.device, block.boot] = run
        run.add(block)
    return [run.joined() for run in runs]


def encode(block: Block) -> bytes:
    """Return the bytes that are stored and uploaded."""
    return zlib.compress(to_json(block).encode("ascii"), 6)


def decode(payload: bytes) -> Block:
    """Return the block in `payload`.

    Raises:
        BadMessage: the bytes are not a block; nothing is guessed.
    """
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(payload, INFLATED_BYTES_MAX)
    except zlib.error as error:
        raise BadMessage("block", payload, "deflated JSON is expected") from error
    if not inflater.eof or inflater.unconsumed_tail or inflater.unused_data:
        raise BadMessage(
            "block", payload, f"complete data of at most {INFLATED_BYTES_MAX} bytes are expected"
        )
    return from_json(inflated)


def to_json(block: Block) -> str:
    """Return the envelope as text, for a local hop where deflating would cost more than it saves.

    ``{v, dev, boot, seq, t0, dt: [µs…], series: [[point, decimals, [d…], quality]…],
    step?}``: the first
    d is absolute, the others add to the last number before them; null is no value; without
    decimals the numbers are written as they are. Quality is one code, or ``[[code, run]…]``.
    """
    times = block.at_us
    series = [
        [point, *column.pack_numbers(values), column.pack_codes(quality)]
        for point, values, quality in zip(block.points, block.values, block.quality, strict=True)
    ]
    document: dict[str, object] = {
        "v": VERSION,
        "dev": block.device,
        "boot": block.boot,
        "seq": block.seq,
        "t0": times[0] if times else 0,
        "dt": [b - a for a, b in pairwise(times)],
        "series": series,
    }
    if block.step_us:
        document["step"] = block.step_us
    return fields.compact(document)


def from_json(text: str | bytes) -> Block:
    """Return the block of an envelope; see `to_json`."""
    document = fields.parse(text, "block")
    fields.version(document, "block", VERSION)
    steps = fields.items(document, "dt", "block", most=SAMPLES_MAX - 1)
    rows = fields.items(document, "series", "block", most=POINTS_MAX)
    samples = len(steps) + 1
    if samples * len(rows) > VALUES_MAX:
        raise BadMessage("block.series", len(rows), f"at most {VALUES_MAX} values are allowed")
    columns = [_column(row, index, samples) for index, row in enumerate(rows)]
    points = tuple(point for point, _, _ in columns)
    if len(set(points)) != len(points):
        raise BadMessage("block.series", points, "each point once is expected")
    return Block(
        device=fields.text(document, "dev", "block"),
        boot=fields.text(document, "boot", "block"),
        seq=fields.integer(document, "seq", "block"),
        at_us=_times(fields.instant(document, "t0", "block"), steps),
        points=points,
        values=tuple(values for _, values, _ in columns),
        quality=tuple(quality for _, _, quality in columns),
        step_us=fields.integer(document, "step", "block", low=1) if "step" in document else 0,
    )


@dataclass(slots=True)
class _Run:
    """Blocks of one device that continue each other, and how many samples they have."""

    parts: list[Block] = field(default_factory=list)
    samples: int = 0

    def takes(self, block: Block) -> bool:
        samples = self.samples + len(block.at_us)
        fits = samples <= SAMPLES_MAX and samples * len(block.points) <= VALUES_MAX
        return fits and self.parts[-1].followed_by(block)

    def add(self, block: Block) -> None:
        self.parts.append(block)
        self.samples += len(block.at_us)

    def joined(self) -> Block:
        if len(self.parts) == 1:
            return self.parts[0]
        columns = range(len(self.parts[0].points))
        return replace(
            self.parts[0],
            at_us=tuple(at for part in self.parts for at in part.at_us),
            values=tuple(tuple(v for part in self.parts for v in part.values[p]) for p in columns),
            quality=tuple(
                tuple(code for part in self.parts for code in part.quality[p]) for p in columns
            ),
        )


def _column(
    row: object, index: int, samples: int
) -> tuple[str, tuple[float | None, ...], tuple[Quality, ...]]:
    path = f"block.series[{index}]"
    if not isinstance(row, list) or len(row) != 4:
        raise BadMessage(path, row, "[point, decimals, values, quality] is expected")
    point, decimals, numbers, quality = row
    if not isinstance(point, str) or not is_point_name(point):
        raise BadMessage(path, point, "a point name like battery.soc_pct is expected")
    values = column.unpack_numbers(decimals, numbers, samples, path)
    codes = column.unpack_codes(quality, samples, max(Quality), path)
    return point, values, tuple(Quality(code) for code in codes)


def _times(first_us: int, steps: Sequence[object]) -> tuple[int, ...]:
    times = [first_us]
    for step in steps:
        if type(step) is not int or not 0 <= times[-1] + step <= fields.INSTANT_US_MAX:
            raise BadMessage("block.dt", step, "steps in µs between instants are expected")
        times.append(times[-1] + step)
    return tuple(times)
