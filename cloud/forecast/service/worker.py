"""The process that computes forecasts: ``python -m cloud.forecast.service.worker [AREAS]``.

It reads tasks from its input and writes progress and results to its output, as `frames`. It knows
no database and no network, keeps nothing but trees in memory, and ends when its input does: a hub
that is killed leaves no worker behind. AREAS is the operator's file of areas.
"""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from cloud.forecast.linear import one_thread
from cloud.forecast.members import Grove
from cloud.forecast.service import frames, intraday, soon
from cloud.forecast.service.frames import PROGRESS, REFUSED, RESULT, Frame
from cloud.forecast.service.issue import issue
from cloud.forecast.service.ladder import TooShort
from cloud.forecast.service.soon import Soon
from cloud.forecast.service.task import Task

NICENESS = 15
TREES_MAX = 40
"""Fits that are kept, the oldest go first: some ten areas, at one MB each."""


def main() -> int:
    """Compute until the input ends."""
    os.nice(NICENESS)
    own = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with one_thread():
        serve(sys.stdin.buffer, sys.stdout.buffer, own)
    return 0


def serve(source: BinaryIO, out: BinaryIO, own: Path | None = None) -> None:
    """Answer each task of `source` with frames of progress and one of its end."""
    grove: Grove = {}
    while (packed := frames.read(source)) is not None:
        frames.write(out, _answer(packed, grove, out, own))
        while len(grove) > TREES_MAX:
            del grove[next(iter(grove))]


def _answer(packed: bytes, grove: Grove, out: BinaryIO, own: Path | None) -> Frame:
    def progress(done: int, of: int) -> None:
        frames.write(out, Frame(PROGRESS, f"{done}/{of}".encode()))

    if packed.startswith(soon.MARK):
        return Frame(RESULT, intraday.compute(Soon.unpack(packed), own).pack())
    try:
        return Frame(RESULT, issue(Task.unpack(packed), grove, progress, own).pack())
    except TooShort as error:
        return Frame(REFUSED, str(error).encode())


if __name__ == "__main__":
    sys.exit(main())
