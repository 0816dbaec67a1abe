"""What the operator knows of a site's panels; the rest is learned from their power. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Each may be None: not said."""

    latitude_degrees: float | None = None
    """+ = north; with the longitude, or not at all."""
    longitude_degrees: float | None = None
    """+ = east."""
    tilt_degrees: float | None = None
    azimuth_degrees: float | None = None
    """Where the panels look: 90 = east, 180 = south, 270 = west."""
    capacity_kw: float | None = None
    """kWp: power under 1 kW/m2 on the panels."""
    limit_kw: float | None = None
    """What the inverters can deliver."""

    @property
    def place(self) -> tuple[float, float] | None:
        if self.latitude_degrees is None or self.longitude_degrees is None:
            return None
        return self.latitude_degrees, self.longitude_degrees


UNKNOWN = Setup()
