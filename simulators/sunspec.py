"""A simulated SunSpec device: the plant behind the standard's models, in any order.

One of the models 704, 124, KACO's 64201 and 123 commands the plant, the first of them that is
there, each with its own reversion timer; with 123 alone all that its limit allows is fed in.
"""

from collections.abc import Iterable, Sequence

from drivers.point import Kind
from drivers.profile import Profile
from drivers.sunspec.resolve import parse
from simulators import sunspec_curves, sunspec_droop, sunspec_values
from simulators.battery import Command, Rating
from simulators.modbus_server import ExceptionCode, Refusal
from simulators.plant import Plant
from simulators.sunspec_image import Image, Part
from simulators.sunspec_values import CHARGE_BIT, DISCHARGE_BIT, GRID_CONNECTED, WATTS_MODE

STORAGE = (1, 701, 702, 704, 713, 714, 715, 802, 803)
"""A battery of the newer kind; see `parts`."""
_GROUPS = {160: 4, 714: 1, 803: 1, 64202: 1, 711: sunspec_droop.SETS}
_RENEWING = (
    "704.WSetEna",
    "704.WSet",
    "704.WSetPct",
    "124.OutWRte",
    "124.InWRte",
    "124.StorCtl_Mod",
    "64201.Watchdog",
    "123.WMaxLimPct",
    "123.WMaxLim_Ena",
)
"""Whose writing starts the reversion timer anew."""


def parts(models: Iterable[int]) -> list[Part]:
    """Return the parts of an image with these models, groups where the plant fills them."""
    return [
        Part(model, groups=sunspec_curves.CURVES, points=sunspec_curves.POINTS)
        if model in sunspec_curves.MODELS
        else Part(model, groups=_GROUPS.get(model, 0))
        for model in models
    ]


def models_of(profile: Profile) -> tuple[int, ...]:
    """Return the models that a device of this profile has: of each point the first it names."""
    places = (parse(point.sunspec)[0] for point in profile.points if point.sunspec)
    return tuple(sorted({1, *(place.model for place in places)}))


class SunSpecDevice:
    """The registers of one device; see `simulators.modbus_server.Registers`."""

    def __init__(
        self, image: Image, plant: Plant, rating: Rating, *, serial: str = "SIM-1"
    ) -> None:
        self.image = image
        self._plant = plant
        self._rated_w = 1000.0 * rating.power_kw
        self._capacity_wh = 1000.0 * rating.capacity_kwh
        self._show_all(serial)
        self.power_up()
        self._show()

    def power_up(self) -> None:
        """Start as a device does: no timer runs, not enabled, no setpoint."""
        self.image.put_all(sunspec_values.CONTROLS_AT_REST)
        self._obey(fresh=False)

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        addresses = range(start, start + count)
        if kind is not Kind.HOLDING or any(at not in self.image.words for at in addresses):
            raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)
        self._show()
        return [self.image.words[at] for at in addresses]

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        addresses = range(start, start + len(values))
        if kind is not Kind.HOLDING or any(at not in self.image.writable for at in addresses):
            raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)
        if self._plant.faults.current.deaf:
            return
        self.image.words.update(zip(addresses, values, strict=True))
        sunspec_droop.adopt(self.image, addresses)
        renewed = (name for name in _RENEWING if self.image.has(name))
        self._obey(fresh=any(self.image.address(name) in addresses for name in renewed))

    def _obey(self, *, fresh: bool) -> None:
        self._plant.obey(self._command(), fresh=fresh)

    def _command(self) -> Command:
        if self.image.has("704.WSet"):
            return self._by_704()
        if self.image.has("124.OutWRte"):
            return self._by_124()
        if self.image.has("64201.WSetPct"):
            return self._by_64201()
        if self.image.has("123.WMaxLimPct"):
            return self._by_123()
        return Command(enabled=False)

    def _by_704(self) -> Command:
        watts = self._value("704.WSetMod") == WATTS_MODE
        after_w = self._value("704.WSetRvrt")
        if not watts:
            after_w = self._value("704.WSetPctRvrt") / 100.0 * self._rated_w
        set_w = self._value("704.WSet") if watts else self._share_w("704.WSetPct")
        return Command(
            power_kw=set_w / 1000.0,
            enabled=self._value("704.WSetEna") == 1,
            timeout_s=self._value("704.WSetRvrtTms"),
            reversion_kw=after_w / 1000.0 if self._value("704.WSetEnaRvrt") == 1 else 0.0,
        )

    def _by_124(self) -> Command:
        """Both rates are upper limits; a negative one of one direction forces the other."""
        mode = int(self._value("124.StorCtl_Mod"))
        high_w = self._share_w("124.OutWRte") if mode & DISCHARGE_BIT else self._rated_w
        low_w = -self._share_w("124.InWRte") if mode & CHARGE_BIT else -self._rated_w
        return Command(
            power_kw=max(min(0.0, high_w), low_w) / 1000.0,
            timeout_s=self._value("124.InOutWRte_RvrtTms"),
        )

    def _by_64201(self) -> Command:
        return Command(
            power_kw=self._share_w("64201.WSetPct") / 1000.0,
            enabled=self._value("64201.RequestedState") == GRID_CONNECTED,
            timeout_s=self._value("64201.Watchdog"),
        )

    def _by_123(self) -> Command:
        return Command(
            power_kw=self._share_w("123.WMaxLimPct") / 1000.0,
            enabled=self._value("123.WMaxLim_Ena") == 1,
            timeout_s=self._value("123.WMaxLimPct_RvrtTms"),
        )

    def _share_w(self, name: str) -> float:
        return self._value(name) / 100.0 * self._rated_w

    def _value(self, name: str) -> float:
        """Return what a control register says; one that nobody has written yet says 0."""
        return self.image.get(name) or 0.0

    def _show_all(self, serial: str) -> None:
        """Put in what stands from the start: scale factors, identity, ratings."""
        put = self.image.put_all
        for model in sunspec_values.SCALED:
            put(sunspec_values.exponents(model, self._rated_w, self._capacity_wh))
        put(sunspec_values.SPECIAL_EXPONENTS)
        put(sunspec_curves.EXPONENTS)
        put(sunspec_curves.shown(self.image.parts))
        sunspec_droop.show(self.image)
        put({"1.Mn": "Phoenyra", "1.Md": "Simulator", "1.Vr": "1.0.0", "1.SN": serial, "1.DA": 1})
        put(sunspec_values.ratings(self._rated_w, self._capacity_wh))

    def _show(self) -> None:
        measured = self._plant.measure()
        self.image.put_all(sunspec_values.shown(measured, self._plant.command.enabled))
