"""Rule sets: which tests there are, read from the data beside this file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from agent.prequalify.stages import WAIT_S_MAX, Stage, Until
from agent.prequalify.steps import StepLimits
from agent.prequalify.target import NOMINAL_HZ, Curve, Target, summed

FOLDER = Path(__file__).parent / "rulesets"
REACH_S_MAX = 60.0
"""A step's hold begins after this at the latest, reached or not."""


@dataclass(frozen=True, slots=True)
class Sine:
    """The part of a record in which one period is stationary, in s since the test's begin."""

    period_s: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One test of a rule set."""

    id: str
    title: Mapping[str, str]
    """By language."""
    judge: tuple[str, ...]
    """Which criteria it is judged by."""
    stages: tuple[Stage, ...]
    """None of them: it follows the grid for `follow_s`."""
    follow_s: float = 0.0
    start_soc_pct: float = 50.0
    sines: tuple[Sine, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """A product that is delivered together with the one that is tested."""

    product: str
    share: float
    """Its capacity over that of the tested one."""
    curve: Curve


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """One product's tests by one rule book."""

    name: str
    product: str
    version: str
    title: Mapping[str, str]
    source: str
    curve: Curve
    """Of the product alone."""
    limits: StepLimits
    grid: str
    """``fcr_n`` or ``fcr_d``: what the loop is judged with; empty: it is not."""
    tests: tuple[Trial, ...]
    beside: tuple[Beside, ...] = ()

    def target(self, capacity_kw: float) -> Target:
        """Return what is wanted of all products together."""
        if not self.beside:
            return Target(self.curve, capacity_kw)
        parts = [(1.0, self.curve), *((one.share, one.curve) for one in self.beside)]
        return Target(summed(parts), capacity_kw)

    @property
    def span_hz(self) -> float:
        """Return how much of a deviation there is between no and full response."""
        moving = [hz for (hz, share) in self.curve]
        inner = min(abs(hz) for hz, share in self.curve if share == 0.0) if self._bent else 0.0
        return max(abs(hz) for hz in moving) - inner

    @property
    def _bent(self) -> bool:
        return any(share == 0.0 for _, share in self.curve)


def names() -> tuple[str, ...]:
    """Return the rule sets that are shipped."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load(name: str) -> Ruleset:
    """Return the rule set; `name` is one of `names`."""
    document = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return Ruleset(
        name=name,
        product=document["product"],
        version=document["version"],
        title=document["title"],
        source=document["source"],
        curve=_curve(document["curve"]),
        limits=StepLimits(**document["limits"]),
        grid=document.get("grid", ""),
        tests=tuple(_test(one) for one in document["test"]),
        beside=tuple(
            Beside(one["product"], float(one["share"]), _curve(one["curve"]))
            for one in document.get("beside", ())
        ),
    )


def _curve(points: Sequence[Sequence[float]]) -> Curve:
    return tuple((float(hz), float(share)) for hz, share in points)


def _test(document: Mapping[str, Any]) -> Trial:
    stages, sines = _stages(document)
    return Trial(
        id=document["id"],
        title=document["title"],
        judge=tuple(document["judge"]),
        stages=stages,
        follow_s=float(document.get("follow_s", 0.0)),
        start_soc_pct=float(document.get("start_soc_pct", 50.0)),
        sines=sines,
    )


def _stages(document: Mapping[str, Any]) -> tuple[tuple[Stage, ...], tuple[Sine, ...]]:
    if "steps" in document:
        return _steps(document["steps"]), ()
    if "ramps" in document:
        return _ramps(document["ramps"], float(document["settle_s"])), ()
    if "points" in document:
        return _points(document["points"]), ()
    if "periods" in document:
        return _sines(document)
    return tuple(_stage(row) for row in document.get("stages", ())), ()


def _steps(rows: Sequence[Sequence[float]]) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            hz=NOMINAL_HZ + row[0] / 1000.0,
            lasts_s=float(row[1]),
            until=Until.REACHED if index else Until.NOTHING,
            wait_s_max=REACH_S_MAX,
            name=f"{row[0]:+g} mHz",
        )
        for index, row in enumerate(rows)
    )


def _ramps(rows: Sequence[Sequence[float]], settle_s: float) -> tuple[Stage, ...]:
    stages = [Stage(hz=NOMINAL_HZ + rows[0][0] / 1000.0, lasts_s=settle_s)]
    for start, end, lasts_s in rows:
        from_hz, hz = NOMINAL_HZ + start / 1000.0, NOMINAL_HZ + end / 1000.0
        stages.append(Stage(hz=hz, from_hz=from_hz, lasts_s=float(lasts_s), name="ramp"))
        stages.append(Stage(hz=hz, lasts_s=settle_s, name="hold"))
    return tuple(stages)


def _points(rows: Sequence[Sequence[Any]]) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            hz=float(after[1]),
            from_hz=float(before[1]),
            lasts_s=float(after[0] - before[0]),
            name=before[2] if len(before) > 2 else "",
        )
        for before, after in pairwise(rows)
        if after[0] > before[0]
    )


def _sines(document: Mapping[str, Any]) -> tuple[tuple[Stage, ...], tuple[Sine, ...]]:
    stages, sines, at_s = [], [], 0.0
    for period_s, total, evaluated in document["periods"]:
        stages.append(
            Stage(
                hz=float(document["mean_hz"]),
                amplitude_hz=float(document["amplitude_hz"]),
                period_s=float(period_s),
                lasts_s=float(period_s * total),
                name=f"{period_s:g} s",
            )
        )
        ends_s = at_s + period_s * total
        sines.append(Sine(float(period_s), ends_s - period_s * evaluated, ends_s))
        at_s = ends_s
    return tuple(stages), tuple(sines)


def _stage(row: Sequence[Any]) -> Stage:
    until = Until(row[2]) if len(row) > 2 else Until.NOTHING
    wait_s = float(row[3]) if len(row) > 3 else WAIT_S_MAX
    return Stage(
        hz=float(row[0]),
        lasts_s=float(row[1]),
        until=until,
        wait_s_max=wait_s,
        name=f"{row[0]:g} Hz",
    )
