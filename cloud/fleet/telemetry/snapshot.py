"""The last that is known of every point of one device, and how it is packed into one row. Pure.

A row a device instead of a row a point: a device of a thousand points costs one write an upload.
"""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from cloud.fleet.model import Newest
from cloud.fleet.telemetry.columns import Codes, Columns, Floats, Ints
from wire.block import Quality

POINTS_MAX = 20_000
"""Of one device; what a box names beyond that is history only."""
DEFLATE_BYTES_MIN = 4_096
"""Smaller ones are stored as they are: reading a thousand sites shall not inflate any."""
_PLAIN, _DEFLATED = b"\0", b"\1"
_LEVEL = 1
NEVER = -1


@dataclass(slots=True, eq=False)
class Snapshot:
    """One device; the columns belong to `names`, in the order in which they were first seen."""

    names: tuple[str, ...]
    epoch: str
    value: Floats
    """The last good number; NaN: there never was one."""
    at_us: Ints
    sampled_us: Ints
    seq: Ints
    """Of the frame that said so; `NEVER` under an older epoch."""
    quality: Codes

    def take(self, epoch: str, seq: int, block: Columns) -> None:
        """Take what the frame says of points that no later frame spoke of.

        Which sample is newer is said by the frame's number, not by the box's clock: a clock that
        was wrong once would otherwise hide everything after.
        """
        if epoch != self.epoch:
            self.epoch = epoch
            self.seq[:] = NEVER
        where, rows = self._places(block.points)
        newer = self.seq[where] < seq
        where, rows = where[newer], rows[newer]
        values, quality = block.values[rows], block.quality[rows]
        good = (quality == Quality.GOOD) & ~np.isnan(values)
        ever = good.any(axis=1)
        last = good.shape[1] - 1 - np.argmax(good[:, ::-1], axis=1)
        number = np.take_along_axis(values, last[:, np.newaxis], axis=1)[:, 0]
        kept = np.where(np.isnan(self.value[where]), block.at_us[-1], self.at_us[where])
        self.value[where] = np.where(ever, number, self.value[where])
        self.at_us[where] = np.where(ever, block.at_us[last], kept)
        self.sampled_us[where] = block.at_us[-1]
        self.seq[where] = seq
        self.quality[where] = quality[:, -1]

    def of(self, device: str, points: Collection[str] | None = None) -> list[Newest]:
        """Return what is known of these points, or of all, by name."""
        wanted = [
            (name, index)
            for index, name in enumerate(self.names)
            if (points is None or name in points)
        ]
        return [
            Newest(
                device=device,
                point=name,
                value=None if np.isnan(self.value[index]) else float(self.value[index]),
                at_us=int(self.at_us[index]),
                quality=Quality(int(self.quality[index])),
                sampled_us=int(self.sampled_us[index]),
            )
            for name, index in sorted(wanted)
        ]

    def _places(self, points: Sequence[str]) -> tuple[Ints, Ints]:
        """Return where the points stand here, and which rows of the block they are."""
        if tuple(points) == self.names:
            every = np.arange(len(points))
            return every, every
        known = {name: index for index, name in enumerate(self.names)}
        fresh = [name for name in points if name not in known][: POINTS_MAX - len(known)]
        if fresh:
            self._add(fresh)
            known.update(zip(fresh, range(len(known), len(known) + len(fresh)), strict=True))
        rows = [index for index, name in enumerate(points) if name in known]
        where = [known[points[index]] for index in rows]
        return np.array(where, dtype=np.int64), np.array(rows, dtype=np.int64)

    def _add(self, fresh: Sequence[str]) -> None:
        more = empty(self.epoch, fresh)
        self.names += more.names
        for name in ("value", "at_us", "sampled_us", "seq", "quality"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(more, name)]))


def empty(epoch: str, names: Sequence[str] = ()) -> Snapshot:
    """Return a device of which nothing is known yet."""
    count = len(names)
    return Snapshot(
        names=tuple(names),
        epoch=epoch,
        value=np.full(count, np.nan),
        at_us=np.zeros(count, dtype=np.int64),
        sampled_us=np.zeros(count, dtype=np.int64),
        seq=np.full(count, NEVER, dtype=np.int64),
        quality=np.zeros(count, dtype=np.uint8),
    )


def pack(snapshot: Snapshot) -> tuple[bytes, bytes]:
    """Return names and numbers as they are stored: little-endian, column by column."""
    columns = (
        snapshot.value.astype("<f8"),
        snapshot.at_us.astype("<i8"),
        snapshot.sampled_us.astype("<i8"),
        snapshot.seq.astype("<i8"),
        snapshot.quality,
    )
    names = ",".join(snapshot.names).encode("ascii")
    return _small(names), _small(b"".join(column.tobytes() for column in columns))


def unpack(epoch: str, names: bytes, payload: bytes) -> Snapshot:
    """Return what `pack` was given."""
    listed = _large(names)
    data = _large(payload)
    found = tuple(listed.decode("ascii").split(",")) if listed else ()
    count = len(found)
    wide = np.frombuffer(data, dtype="<i8", count=4 * count).reshape(4, count)
    return Snapshot(
        names=found,
        epoch=epoch,
        value=wide[0].view("<f8").copy(),
        at_us=wide[1].copy(),
        sampled_us=wide[2].copy(),
        seq=wide[3].copy(),
        quality=np.frombuffer(data, dtype=np.uint8, offset=32 * count).copy(),
    )


def _small(data: bytes) -> bytes:
    if len(data) < DEFLATE_BYTES_MIN:
        return _PLAIN + data
    return _DEFLATED + zlib.compress(data, _LEVEL)


def _large(stored: bytes) -> bytes:
    return stored[1:] if stored[:1] == _PLAIN else zlib.decompress(stored[1:])
