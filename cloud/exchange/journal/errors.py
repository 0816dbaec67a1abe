"""Why a journal cannot be used. Each is one line for people.

* JournalUnusable     do not start: damaged, of a newer program, in use, or not this database's
  * Fenced            end: a newer writer has taken over, and nothing more may be promised
"""


class JournalUnusable(Exception):
    """The journal cannot be used as it is."""


class Fenced(JournalUnusable):
    """Another writer with a higher number has the journal now."""
