"""Everything a feed may raise, one class a reaction.

* FeedError
  * FeedUnavailable   later again: the line is down, the source is in trouble
    * FeedPaused      later again, and nobody else before: the source counts our requests
  * FeedRefused       tell the operator: the token, the address or the question is wrong
  * BadAnswer         later again; what is stored stays, and is marked stale
    * AnswerTooLarge  more than we read, packed or unpacked
  * TooMuchAsked      ask for less at once

The messages are for people, one line each, and carry no token.
"""

EXCERPT_CHARS = 200
"""Of an answer that nobody understands, this much is told."""


class FeedError(Exception):
    """A source did not give what it was asked for."""

    word = "unavailable"
    """For machines, and for the words of a page."""


class FeedUnavailable(FeedError):
    """Nothing is wrong with the question; the same one is worth another try."""


class FeedPaused(FeedUnavailable):
    """The source asked for a pause, for all who ask with this token."""

    word = "paused"


class FeedRefused(FeedError):
    """The same question will be refused again."""

    word = "refused"


class BadAnswer(FeedError):
    """The answer is no document that can be trusted; nothing of it is used."""

    word = "bad_answer"


class AnswerTooLarge(BadAnswer):
    """The answer passes a limit of size, of entries or of depth."""

    word = "too_large"


class TooMuchAsked(FeedError):
    """The source gives `allowed` documents at once, and the question has `asked`."""

    def __init__(self, message: str, asked: int, allowed: int) -> None:
        super().__init__(message)
        self.asked = asked
        self.allowed = allowed


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer on one line, fit for a log."""
    text = body[: 4 * EXCERPT_CHARS].decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:EXCERPT_CHARS]
