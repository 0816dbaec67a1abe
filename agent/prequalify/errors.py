"""What ends a prequalification before its time.

* Halted      report one line: it cannot begin or go on, and nothing is wrong with the program
"""


class Halted(Exception):
    """The text is one line for the person at the keyboard."""
