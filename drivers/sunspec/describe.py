"""A map of SunSpec points, for people."""

from drivers.document import Document
from drivers.modbus.describe import described
from drivers.profile import read_profile
from drivers.sunspec.resolve import places


def describe(document: Document) -> list[str]:
    """Return how the device is dispatched, then a line or two for each point.

    Raises:
        ProfileError: the profile is wrong; its `lines` are every mistake.
    """
    profile = read_profile(document)
    places(profile.points)
    return described(profile)
