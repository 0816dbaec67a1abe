"""Samples of one device, column by column, and their compact encoding. Pure.

A value reaches a `Block` as a `Reading`, and every hop from there carries the block: the link to
the gateway, the buffer, the upload, the hub's chunk. `encode` writes a versioned envelope
of scaled integers and deltas as JSON, deflated: about one byte a point for slow telemetry, and
exactly the same floats come back. The stored bytes are the uploaded bytes.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import accumulate, groupby, pairwise

from wire import fields
from wire.fields import BadMessage
from wire.points import is_point_name

VERSION = 1
POINTS_MAX = 10_000
SAMPLES_MAX = 10_000
VALUES_MAX = 200_000
"""Points times samples of one block."""
INFLATED_BYTES_MAX = 8 * 1024 * 1024
"""Checked while inflating: a deflated bomb costs no more memory than this."""
_DECIMALS_MAX = 9
_EXACT_MAX = 2**53


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

    def __post_init__(self) -> None:
        shape = {len(column) for column in (*self.values, *self.quality)} | {len(self.at_us)}
        if len(shape) != 1 or not len(self.points) == len(self.values) == len(self.quality):
            raise ValueError("a block needs one value and one quality for each point and sample")

    def followed_by(self, later: "Block") -> bool:
        """Say whether `later` continues this block, so that `merge` may join them."""
        return (
            (self.device, self.boot, self.points) == (later.device, later.boot, later.points)
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
    """Join neighbours that continue each other; order and content stay."""
    groups: list[list[Block]] = []
    for block in blocks:
        if groups and _continues(groups[-1], block):
            groups[-1].append(block)
        else:
            groups.append([block])
    return [group[0] if len(group) == 1 else _joined(group) for group in groups]


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

    ``{v, dev, boot, seq, t0, dt: [µs…], series: [[point, decimals, [d…], quality]…]}``: the first
    d is absolute, the others add to the last number before them; null is no value; without
    decimals the numbers are written as they are. Quality is one code, or ``[[code, run]…]``.
    """
    times = block.at_us
    series = [
        [point, *_scaled(values), _runs(quality)]
        for point, values, quality in zip(block.points, block.values, block.quality, strict=True)
    ]
    return fields.compact(
        {
            "v": VERSION,
            "dev": block.device,
            "boot": block.boot,
            "seq": block.seq,
            "t0": times[0] if times else 0,
            "dt": [b - a for a, b in pairwise(times)],
            "series": series,
        }
    )


def from_json(text: str | bytes) -> Block:
    """Return the block of an envelope; see `to_json`."""
    document = fields.parse(text, "block")
    fields.version(document, "block", VERSION)
    steps = fields.items(document, "dt", "block", most=SAMPLES_MAX)
    rows = fields.items(document, "series", "block", most=POINTS_MAX)
    samples = len(steps) + 1
    if samples * len(rows) > VALUES_MAX:
        raise BadMessage("block.series", len(rows), f"at most {VALUES_MAX} values are allowed")
    first_us = fields.integer(document, "t0", "block")
    columns = [_column(row, index, samples) for index, row in enumerate(rows)]
    return Block(
        device=fields.text(document, "dev", "block"),
        boot=fields.text(document, "boot", "block"),
        seq=fields.integer(document, "seq", "block"),
        at_us=tuple(accumulate(_integers(steps, "block.dt"), initial=first_us)),
        points=tuple(point for point, _, _ in columns),
        values=tuple(values for _, values, _ in columns),
        quality=tuple(quality for _, _, quality in columns),
    )


def _continues(group: list[Block], block: Block) -> bool:
    samples = sum(len(part.at_us) for part in group)
    fits = (samples + len(block.at_us)) * len(block.points) <= VALUES_MAX
    return fits and samples < SAMPLES_MAX and group[-1].followed_by(block)


def _joined(group: Sequence[Block]) -> Block:
    columns = range(len(group[0].points))
    return replace(
        group[0],
        at_us=tuple(at for part in group for at in part.at_us),
        values=tuple(tuple(v for part in group for v in part.values[p]) for p in columns),
        quality=tuple(tuple(q for part in group for q in part.quality[p]) for p in columns),
    )


def _scaled(values: Sequence[float | None]) -> tuple[int | None, list[float | int | None]]:
    """Return the fewest decimals that keep every value exactly, and the deltas at that scale."""
    known = [value for value in values if value is not None]
    for decimals in range(_DECIMALS_MAX + 1):
        scale = 10.0**decimals
        if all(abs(v * scale) < _EXACT_MAX and round(v * scale) / scale == v for v in known):
            return decimals, _deltas([None if v is None else round(v * scale) for v in values])
    return None, list(values)


def _deltas(numbers: Iterable[int | None]) -> list[float | int | None]:
    last = 0
    steps: list[float | int | None] = []
    for number in numbers:
        steps.append(None if number is None else number - last)
        last = last if number is None else number
    return steps


def _runs(quality: Sequence[Quality]) -> int | list[list[int]]:
    runs = [[int(code), len(list(group))] for code, group in groupby(quality)]
    return runs[0][0] if len(runs) == 1 else runs


def _column(
    row: object, index: int, samples: int
) -> tuple[str, tuple[float | None, ...], tuple[Quality, ...]]:
    path = f"block.series[{index}]"
    if not isinstance(row, list) or len(row) != 4:
        raise BadMessage(path, row, "[point, decimals, values, quality] is expected")
    point, decimals, numbers, quality = row
    if not isinstance(point, str) or not is_point_name(point):
        raise BadMessage(path, point, "a point name like battery.soc_pct is expected")
    if not isinstance(numbers, list) or len(numbers) != samples:
        raise BadMessage(path, numbers, f"a list of {samples} values is expected")
    return point, _values(decimals, numbers, path), _qualities(quality, samples, path)


def _values(decimals: object, numbers: list[object], path: str) -> tuple[float | None, ...]:
    if decimals is None:
        plain = [_plain(number, path) for number in numbers]
        return tuple(plain)
    if not isinstance(decimals, int) or not 0 <= decimals <= _DECIMALS_MAX:
        raise BadMessage(path, decimals, f"decimals of 0 to {_DECIMALS_MAX} or null are expected")
    scale = 10.0**decimals
    last = 0
    values: list[float | None] = []
    for step in numbers:
        if step is None:
            values.append(None)
            continue
        if type(step) is not int or abs(step) > 2 * _EXACT_MAX:
            raise BadMessage(path, step, "whole numbers or null are expected")
        last += step
        values.append(last / scale)
    return tuple(values)


def _plain(number: object, path: str) -> float | None:
    if number is None:
        return None
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise BadMessage(path, number, "numbers or null are expected")
    try:
        return float(number)
    except OverflowError as error:
        raise BadMessage(path, number, "a number that fits a float is expected") from error


def _qualities(quality: object, samples: int, path: str) -> tuple[Quality, ...]:
    runs = [[quality, samples]] if isinstance(quality, int) else quality
    codes: list[Quality] = []
    for run in runs if isinstance(runs, list) else [runs]:
        if not isinstance(run, list) or len(run) != 2 or not all(type(n) is int for n in run):
            raise BadMessage(path, run, "quality is a code or a list of [code, run]")
        code, count = run
        if code not in Quality.__members__.values() or not 1 <= count <= samples - len(codes):
            raise BadMessage(path, run, f"codes 0 to 3 in runs of {samples} in all are expected")
        codes.extend([Quality(code)] * count)
    if len(codes) != samples:
        raise BadMessage(path, quality, f"a quality for each of {samples} samples is expected")
    return tuple(codes)


def _integers(numbers: Sequence[object], path: str) -> list[int]:
    for number in numbers:
        if type(number) is not int or abs(number) > fields.INTEGER_MAX:
            raise BadMessage(path, number, "whole numbers are expected")
    return [number for number in numbers if isinstance(number, int)]
