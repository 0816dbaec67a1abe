"""Command lines whose mistakes cost one line, with the value and what is allowed."""

import argparse
from collections.abc import Callable
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """An argparse parser without the page of usage in front of an error."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def number(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], float]:
    """Return a type for an argument: a number, or a whole one, from `low` to `high`."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(low) - 1
        if not low <= value <= high:
            noun = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(
                f"{text!r} is not allowed; a {noun} from {low:g} to {high:g} is expected"
            )
        return value

    return read
