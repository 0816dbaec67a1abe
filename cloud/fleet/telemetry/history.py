"""Chunks back to series. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cloud.fleet.model import History, Series
from wire import block as blocks
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
        collected += _add(series, blocks.decode(payload), question)
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


def _add(
    series: dict[tuple[str, str], list[_Sample]], block: blocks.Block, question: Question
) -> int:
    """Take what is wanted from the block; return how many samples that are."""
    wanted = [
        i for i, at_us in enumerate(block.at_us) if question.from_us <= at_us < question.to_us
    ]
    if not wanted:
        return 0
    count = 0
    for point, values, quality in zip(block.points, block.values, block.quality, strict=True):
        if not question.points or point in question.points:
            samples = series.setdefault((block.device, point), [])
            samples.extend((block.at_us[i], values[i], quality[i]) for i in wanted)
            count += len(wanted)
    return count


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
