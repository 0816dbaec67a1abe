"""Which version of the agent this is."""

from importlib import metadata

DISTRIBUTION = "phoenyra-bess"
FROM_SOURCE = "source"
"""What runs from a checkout has no version of its own."""


def version() -> str:
    """Return the installed package's version, or `FROM_SOURCE`."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return FROM_SOURCE
