"""How far a long search has come: a bar on a terminal, a line every tenth elsewhere."""

from typing import TextIO

_WIDTH = 30


class Progress:
    """Write to `stream` how many of `total` questions have been asked."""

    def __init__(self, stream: TextIO, total: int, what: str) -> None:
        self._stream = stream
        self._total = max(1, total)
        self._what = what
        self._done = 0
        self._tenth = 0
        self._bar = stream.isatty()

    def step(self, where: str, found: int) -> None:
        """Count one question at `where`; so far `found` have answered."""
        self._done += 1
        share = min(1.0, self._done / self._total)
        if self._bar:
            filled = "█" * round(share * _WIDTH)
            self._stream.write(
                f"\r{self._what} {filled:·<{_WIDTH}} {self._done}/{self._total}"
                f"  {where:24} found {found}"
            )
        elif int(share * 10) > self._tenth:
            self._tenth = int(share * 10)
            self._stream.write(f"{self._what} {self._done}/{self._total}, found {found}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line of the bar."""
        if self._bar:
            self._stream.write("\n")
            self._stream.flush()
