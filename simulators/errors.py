"""What a person gave us and we cannot use: one class, because the reaction is always the same."""


class BadInput(Exception):
    """A value, a file or a key cannot be used: say so in this one line, and end with code 2."""
