"""What ends a prequalification before its time.

* Halted      report one line: it cannot begin or go on, and nothing is wrong with the program
* Silent      ask again: the box does not answer at the moment
"""


class Halted(Exception):
    """The text is one line for the person at the keyboard."""


class Silent(Exception):
    """The text is one line."""
