"""Topics and paths in a profile, with a place for what is a site's own. Pure."""

from drivers.payload import steps_of
from drivers.table import Table

PREFIX = "{prefix}"
TOPIC_BYTES_MAX = 500


def checked(text: str) -> str:
    """Return a topic as a profile may write it: exact, without wildcards.

    Raises:
        ValueError: it is none; the text says what is expected.
    """
    plain = text.replace(PREFIX, "")
    if not text or len(text.encode()) > TOPIC_BYTES_MAX or not text.isprintable():
        raise ValueError(f"a topic of 1 to {TOPIC_BYTES_MAX} bytes")
    if any(sign in plain for sign in "+#{}"):
        raise ValueError(f"a topic without +, # and braces other than {PREFIX}")
    return text


def filled(topic: str, prefix: str) -> str:
    """Return the topic of this site; without a prefix no empty level is left at the beginning.

    Raises:
        ValueError: nothing is left.
    """
    full = topic.replace(PREFIX, prefix)
    if not prefix and topic.startswith(PREFIX + "/"):
        full = full[1:]
    if not full:
        raise ValueError(f"a prefix, for the topic {topic}")
    return full


def topic_at(row: Table, key: str) -> str:
    text = row.text(key)
    try:
        return checked(text)
    except ValueError as error:
        raise row.wrong(key, text, str(error)) from error


def path_at(row: Table, key: str, default: str) -> str:
    text = row.text(key, default)
    try:
        steps_of(text)
    except ValueError as error:
        raise row.wrong(key, text, str(error)) from error
    return text
