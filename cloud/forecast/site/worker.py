"""The process that computes forecasts of sites: ``python -m cloud.forecast.site.worker``.

It reads tasks from its input and writes results to its output, as `service.frames`. It knows no
database and no network, and ends when its input does.
"""

import os
import sys
from typing import BinaryIO

from cloud.forecast.linear import one_thread
from cloud.forecast.service import frames
from cloud.forecast.service.frames import RESULT, Frame
from cloud.forecast.site.answer import document
from cloud.forecast.site.task import Task

NICENESS = 15


def main() -> int:
    """Compute until the input ends."""
    os.nice(NICENESS)
    with one_thread():
        serve(sys.stdin.buffer, sys.stdout.buffer)
    return 0


def serve(source: BinaryIO, out: BinaryIO) -> None:
    """Answer each task of `source` with one frame."""
    while (packed := frames.read(source)) is not None:
        frames.write(out, Frame(RESULT, document(Task.unpack(packed))))


if __name__ == "__main__":
    sys.exit(main())
