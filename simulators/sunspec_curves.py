"""What the curves of a simulated SunSpec device say from the start. Pure.

Made up, in the shape of such curves; the plant does not follow them. The first curve is what the
device does now, the others are alike.
"""

from collections.abc import Iterator, Mapping, Sequence

from simulators.sunspec_image import Part

CURVES, POINTS = 3, 4
"""How many curves a model has, and how many points there is room for in each."""
EXPONENTS: Mapping[str, float] = {
    **{f"{model}.V_SF": -1 for model in (705, 706, 707, 708)},
    **{f"{model}.DeptRef_SF": -1 for model in (705, 706, 712)},
    **{f"{model}.RspTms_SF": -1 for model in (705, 706)},
    **{f"{model}.Tms_SF": -2 for model in (707, 708, 709, 710)},
    **{f"{model}.Hz_SF": -2 for model in (709, 710)},
    "712.W_SF": -1,
}
_Curve = tuple[tuple[float, float], ...]
_PLAIN: Mapping[int, tuple[str, str, _Curve]] = {
    705: ("V", "Var", ((92.0, 44.0), (98.0, 0.0), (102.0, 0.0), (108.0, -44.0))),
    706: ("V", "W", ((106.0, 100.0), (110.0, 0.0))),
    712: ("W", "Var", ((0.0, 0.0), (50.0, 0.0), (100.0, -44.0))),
}
_TRIPS: Mapping[int, tuple[str, Mapping[str, _Curve]]] = {
    707: ("V", {"MustTrip": ((50.0, 0.16), (88.0, 2.0)), "MomCess": ((50.0, 0.16),)}),
    708: ("V", {"MustTrip": ((120.0, 0.16), (110.0, 2.0)), "MomCess": ((110.0, 0.16),)}),
    709: ("Hz", {"MustTrip": ((56.5, 0.16), (58.5, 300.0)), "MayTrip": ((57.0, 0.16),)}),
    710: ("Hz", {"MustTrip": ((62.0, 0.16), (61.2, 300.0)), "MayTrip": ((61.8, 0.16),)}),
}
MODELS = (*_PLAIN, *_TRIPS)
"""Those that have curves of points."""


def shown(parts: Sequence[Part]) -> dict[str, float]:
    """Return the values by their names in the standard, in its units."""
    values: dict[str, float] = {}
    for part in parts:
        if part.model not in MODELS:
            continue
        values |= {f"{part.model}.Ena": 1, f"{part.model}.AdptCrvReq": 0}
        values |= {f"{part.model}.AdptCrvRslt": 1}
        for number in range(1, part.groups + 1):
            curve = f"{part.model}.{number}"
            values[f"{curve}.ReadOnly"] = int(number == 1)
            values |= dict(_points(curve, part))
    return values


def _points(curve: str, part: Part) -> Iterator[tuple[str, float]]:
    if part.model in _PLAIN:
        x, y, points = _PLAIN[part.model]
        yield f"{curve}.DeptRef", 0
        yield f"{curve}.RspTms", 5.0
        yield from _curve(curve, x, y, points[: part.points])
        return
    x, curves = _TRIPS[part.model]
    for name in ("MustTrip", "MayTrip", "MomCess"):
        yield from _curve(f"{curve}.{name}", x, "Tms", curves.get(name, ())[: part.points])


def _curve(name: str, x: str, y: str, points: _Curve) -> Iterator[tuple[str, float]]:
    yield f"{name}.ActPt", len(points)
    for number, (x_value, y_value) in enumerate(points, 1):
        yield f"{name}.Pt.{number}.{x}", x_value
        yield f"{name}.Pt.{number}.{y}", y_value
