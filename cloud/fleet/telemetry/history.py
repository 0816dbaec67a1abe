"""Chunks back to series. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from cloud.fleet.model import History, Series
from cloud.fleet.telemetry import columns
from cloud.fleet.telemetry.columns import Columns
from wire.block import Quality


@dataclass(frozen=True, slots=True)
class Question:
    """Which samples are wanted: of ``[from_us, to_us)``, the oldest `limit` of them."""

    points: Collection[str]
    """None of them: all."""
    from_us: int
    to_us: int
    limit: int


Chunk = tuple[bytes, int]
"""Payload, and the instant of its first sample."""
_Sample = tuple[int, float | None, Quality]
_QUALITY = tuple(Quality)


def collect(chunks: Sequence[Chunk], question: Question, *, complete: bool) -> History:
    """Return the answer that is in the chunks, which come in the order of their beginnings.

    Args:
        complete: there are no further chunks behind these.

    Samples of one instant stay together: the limit may be exceeded by those of one instant, but
    the place where the next answer begins never cuts one in two.
    """
    series: dict[tuple[str, str], list[_Sample]] = {}
    collected = 0
    end_us = None
    for index, (payload, begin_us) in enumerate(chunks):
        if collected > question.limit and _before(series, begin_us) > question.limit:
            end_us = begin_us
            break
        collected += _add(series, _decoded(payload, question), question)
        if not complete and index == len(chunks) - 1:
            # Every chunk that was not read begins here or later.
            end_us = max(begin_us, question.from_us + 1)
    end_us = _end_us(series, question, end_us)
    found = [
        _series(name, [s for s in samples if end_us is None or s[0] < end_us])
        for name, samples in sorted(series.items())
    ]
    return History(series=tuple(s for s in found if s.at_us), next_us=end_us)


def _before(series: dict[tuple[str, str], list[_Sample]], end_us: int) -> int:
    return sum(sample[0] < end_us for samples in series.values() for sample in samples)


def _decoded(payload: bytes, question: Question) -> Columns:
    if question.points:
        return columns.decode_points(payload, question.points)
    return columns.decode(payload)


def _add(series: dict[tuple[str, str], list[_Sample]], block: Columns, question: Question) -> int:
    """Take what is wanted from the block; return how many samples that are."""
    inside = (block.at_us >= question.from_us) & (block.at_us < question.to_us)
    wanted = np.flatnonzero(inside)
    if not len(wanted):
        return 0
    times = block.at_us[wanted].tolist()
    for row, point in enumerate(block.points):
        values = (None if v != v else v for v in block.values[row, wanted].tolist())
        quality = (_QUALITY[code] for code in block.quality[row, wanted].tolist())
        samples = series.setdefault((block.device, point), [])
        samples.extend(zip(times, values, quality, strict=True))
    return len(wanted) * len(block.points)


def _end_us(
    series: dict[tuple[str, str], list[_Sample]], question: Question, complete_us: int | None
) -> int | None:
    """Return where this answer has to end and the next one begins; None: nothing is left."""
    times = sorted(
        sample[0]
        for samples in series.values()
        for sample in samples
        if complete_us is None or sample[0] < complete_us
    )
    if len(times) <= question.limit:
        return complete_us
    last_us = times[question.limit]
    if last_us > times[0]:
        return last_us
    return next((at_us for at_us in times if at_us > last_us), complete_us)


def _series(name: tuple[str, str], samples: list[_Sample]) -> Series:
    ordered = sorted(samples, key=lambda sample: sample[0])
    return Series(
        device=name[0],
        point=name[1],
        at_us=tuple(at_us for at_us, _, _ in ordered),
        values=tuple(value for _, value, _ in ordered),
        quality=tuple(quality for _, _, quality in ordered),
    )
