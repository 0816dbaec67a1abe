"""A full buffer keeps less of each minute: samples to 1-minute means. Pure.

Frames of one device with the same points become one of means. What lies after the last whole
minute stays as it was read, in the frame that it is in, so that no minute is split in two; only
where not one whole minute lies together, its part becomes a mean of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from wire import block as blocks
from wire import column
from wire.block import Block, Quality
from wire.fields import BadMessage

MINUTE_US = 60_000_000
MEAN_DECIMALS = 2
"""A mean has so many digits more than the finest of its samples."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A frame as it is before or after: its number, when, and whose clock said so."""

    seq: int
    t0_us: int
    boot_id: str | None
    offset_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """What stands under a number afterwards; a number that was given and is not here is gone."""

    seq: int
    t0_us: int
    t1_us: int
    n: int
    payload: bytes
    thinned: bool


def thinned(frames: Sequence[tuple[Stamp, bytes]]) -> tuple[list[Rewritten], list[int]]:
    """Return what `frames` become, and the numbers that are gone.

    What is no block, or already of means, is left alone and is in neither list.
    """
    groups: dict[tuple[object, ...], list[tuple[Stamp, Block]]] = defaultdict(list)
    for stamp, payload in frames:
        try:
            block = blocks.decode(payload)
        except BadMessage:
            continue
        if not block.step_us and block.points:
            key = (block.device, block.boot, block.points, stamp.boot_id, stamp.offset_us)
            groups[key].append((stamp, block))
    until_us = _whole_minutes([stamp.t0_us for stamp, _ in frames])
    kept: list[Rewritten] = []
    gone: list[int] = []
    for members in groups.values():
        its_kept, its_gone = _group(members, until_us)
        kept += its_kept
        gone += its_gone
    return kept, gone


def minutes(parts: Sequence[Block]) -> Block:
    """Return one block of 1-minute means of all samples of `parts`, blocks of the same points.

    A mean is that of the good values, None where there is none; its quality is the worst.
    """
    first = parts[0]
    samples = sorted(
        (at_us - at_us % MINUTE_US, part, s)
        for part, block in enumerate(parts)
        for s, at_us in enumerate(block.at_us)
    )
    whole = [(at_us, list(group)) for at_us, group in groupby(samples, key=lambda row: row[0])]
    digits = [_digits(parts, p) for p in range(len(first.points))]
    return replace(
        first,
        seq=min(block.seq for block in parts),
        at_us=tuple(at_us for at_us, _ in whole),
        values=tuple(
            tuple(_mean(parts, p, group, digits[p]) for _, group in whole)
            for p in range(len(first.points))
        ),
        quality=tuple(
            tuple(max(parts[part].quality[p][s] for _, part, s in group) for _, group in whole)
            for p in range(len(first.points))
        ),
        step_us=MINUTE_US,
    )


def _group(
    members: Sequence[tuple[Stamp, Block]], until_us: int | None
) -> tuple[list[Rewritten], list[int]]:
    """Rewrite the frames of one device and the same points."""
    early: list[Block] = []
    kept: list[Rewritten] = []
    numbers: list[int] = []
    for stamp, block in members:
        now, later = _split(block, until_us)
        if now is None:
            continue
        early.append(now)
        if later is None:
            numbers.append(stamp.seq)
        else:
            kept.append(_rewritten(stamp.seq, later))
    if not numbers:
        return [], []
    kept.append(_rewritten(numbers[0], minutes(early)))
    return kept, numbers[1:]


def _split(block: Block, until_us: int | None) -> tuple[Block | None, Block | None]:
    """Return the part of a block before `until_us` and the rest of it."""
    if until_us is None:
        return block, None
    early = [s for s, at_us in enumerate(block.at_us) if at_us < until_us]
    if len(early) == len(block.at_us):
        return block, None
    cut = len(early)
    if not early or early[-1] != cut - 1:
        return None, block  # Its times do not rise: it waits for a later round.
    return _samples(block, 0, cut), _samples(block, cut, len(block.at_us))


def _samples(block: Block, begin: int, end: int) -> Block:
    return replace(
        block,
        seq=block.seq + begin,
        at_us=block.at_us[begin:end],
        values=tuple(values[begin:end] for values in block.values),
        quality=tuple(codes[begin:end] for codes in block.quality),
    )


def _rewritten(seq: int, block: Block) -> Rewritten:
    return Rewritten(
        seq=seq,
        t0_us=min(block.at_us),
        t1_us=max(block.at_us),
        n=len(block.points) * len(block.at_us),
        payload=blocks.encode(block),
        thinned=block.step_us > 0,
    )


def _whole_minutes(starts_us: Sequence[int]) -> int | None:
    """Return up to when whole minutes are there; None: no whole one is, take all."""
    if not starts_us:
        return None
    until_us = starts_us[-1] - starts_us[-1] % MINUTE_US
    return until_us if until_us > min(starts_us) else None


def _mean(
    parts: Sequence[Block], p: int, group: Sequence[tuple[int, int, int]], digits: int
) -> float | None:
    good = [
        value
        for _, part, s in group
        if parts[part].quality[p][s] is Quality.GOOD
        and (value := parts[part].values[p][s]) is not None
    ]
    return round(sum(good) / len(good), digits) if good else None


def _digits(parts: Sequence[Block], p: int) -> int:
    known = [part.values[p] for part in parts]
    decimals, _ = column.pack_numbers([value for values in known for value in values])
    finest = column.DECIMALS_MAX if decimals is None else decimals
    return min(finest + MEAN_DECIMALS, column.DECIMALS_MAX)
