"""drivers.sunspec: points of curves lie where their model's head and its length say, or nowhere.

The layouts are written out here once more, by hand, one register behind the other; the driver's
arithmetic has to arrive at the same places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.point import Coding, Kind, Point
from drivers.sunspec.discover import Ask, Block, Chain, walk
from drivers.sunspec.models import models
from drivers.sunspec.resolve import Found, fault, faults, heads, located, parse

PLAIN = Point(name="a.b", kind=Kind.HOLDING, address=0, coding=Coding.UINT16)
VOLT_VAR = "ActPt DeptRef Pri VRef VRefAuto VRefAutoEna VRefAutoTms RspTms/2 ReadOnly"
CURVES = {
    705: (13, VOLT_VAR, "V Var"),
    706: (13, "ActPt DeptRef RspTms/2 ReadOnly", "V W"),
    712: (12, "ActPt DeptRef Pri ReadOnly", "W Var"),
}
"""Registers of the head; then of a curve and, behind it, of each of its points."""
TRIPS = {707: "V Tms/2", 708: "V Tms/2", 709: "Hz/2 Tms/2", 710: "Hz/2 Tms/2"}
"""Registers of each point of the three curves of a set."""
SCALES = {
    **{f"705.{name}": 12 for name in ("VRef", "VRefAuto", "Pt.V")},
    **{f"705.{name}": 13 for name in ("Pt.Var",)},
    "705.RspTms": 14,
    "706.Pt.V": 12,
    "706.Pt.W": 13,
    "706.RspTms": 14,
    "712.Pt.W": 12,
    "712.Pt.Var": 13,
    **{f"{model}.{axis}": 7 for model in TRIPS for axis in ("Pt.V", "Pt.Hz")},
    **{f"{model}.Pt.Tms": 8 for model in TRIPS},
}
"""Where the scale factor is, from the first header register; what is not here has none."""
MODELS = sorted({**CURVES, **TRIPS})


@dataclass(frozen=True)
class Sized:
    """A model with so many points in each of so many curves."""

    model: int
    curves: int
    points: int

    @property
    def rows(self) -> list[tuple[str, int]]:
        """Return the points behind the head with their registers, as they lie."""
        return [
            (f"{self.model}.{curve}.{name}", words)
            for curve in range(1, self.curves + 1)
            for name, words in self._curve()
        ]

    @property
    def length(self) -> int:
        head = CURVES[self.model][0] if self.model in CURVES else 7
        return head + sum(words for _, words in self.rows)

    @property
    def head(self) -> tuple[int, int]:
        return self.points, self.curves

    def _curve(self) -> Iterator[tuple[str, int]]:
        if self.model in CURVES:
            _, own, point = CURVES[self.model]
            yield from split(own, "")
            yield from self._points("", point)
            return
        yield "ReadOnly", 1
        for name in ("MustTrip.", "MayTrip.", "MomCess."):
            yield f"{name}ActPt", 1
            yield from self._points(name, TRIPS[self.model])

    def _points(self, name: str, point: str) -> Iterator[tuple[str, int]]:
        for number in range(1, self.points + 1):
            yield from split(point, f"{name}Pt.{number}.")


def split(text: str, prefix: str) -> Iterator[tuple[str, int]]:
    for word in text.split():
        name, _, size = word.partition("/")
        yield prefix + name, int(size or 1)


SIZED = st.builds(Sized, st.sampled_from(MODELS), st.integers(0, 5), st.integers(0, 10))


def chain_of(sized: Sequence[Sized], base: int = 40_000) -> Chain:
    """Return the map of a device with these models, found by a real walk over its registers."""
    words = {base: 0x5375, base + 1: 0x6E53, base + 2: 1, base + 3: 66}
    address = base + 70
    for each in sized:
        words |= {address: each.model, address + 1: each.length}
        words |= {address + 5: each.points, address + 6: each.curves}
        address += 2 + each.length
    words |= {address: 0xFFFF, address + 1: 0}
    where = {str(each.model): parse(f"{each.model}.1.{own_point(each.model)}") for each in sized}
    steps = walk(heads=heads(where))
    ask = next(steps)
    try:
        while True:
            ask = steps.send(answer(words, ask))
    except StopIteration as end:
        chain: Chain = end.value
        return chain


def answer(words: dict[int, int], ask: Ask) -> list[int]:
    return [words.get(at, 0) for at in range(ask.start, ask.start + ask.count)]


def own_point(model: int) -> str:
    return "ActPt" if model in CURVES else "MustTrip.ActPt"


def found_at(text: str, chain: Chain) -> Found | None:
    return located(PLAIN, parse(text), chain)


def reason(text: str, chain: Chain) -> str:
    assert found_at(text, chain) is None
    return "; ".join(faults(parse(text), chain))


@given(st.lists(SIZED, unique_by=lambda each: each.model, max_size=4), st.sampled_from([0, 40_000]))
def test_every_point_lies_where_it_does_whatever_the_head_counts_and_whatever_the_order(
    sized: list[Sized], base: int
) -> None:
    chain = chain_of(sized, base)
    assert not chain.trouble
    start = base + 70
    for each in sized:
        head = each.length - sum(words for _, words in each.rows)
        address = start + 2 + head
        for name, words in each.rows:
            found = found_at(name, chain)
            assert found is not None, name
            assert (found.point.address, found.point.count) == (address, words), name
            plain = ".".join(part for part in name.split(".")[2:] if not part.isdigit())
            plain = plain[plain.find("Pt.") :] if "Pt." in plain else plain
            scale = SCALES.get(f"{each.model}.{plain}")
            assert found.point.scale_address == (None if scale is None else start + scale), name
            address += words
        assert address == start + 2 + each.length, "the points are all of its length"
        start = address


@given(SIZED)
def test_the_points_of_a_layout_are_as_long_as_the_length_that_its_head_implies(
    sized: Sized,
) -> None:
    model = models()[sized.model]
    counts = model.counted(sized.head)
    assert counts is not None
    assert model.registers(counts) == sized.length


@given(SIZED)
def test_a_point_knows_which_one_of_its_curve_it_is_and_where_that_says_how_many_count(
    sized: Sized,
) -> None:
    chain = chain_of([sized])
    for name, _ in sized.rows:
        found = found_at(name, chain)
        assert found is not None
        if ".Pt." not in name:
            assert (found.number, found.active_address) == (0, None)
            continue
        curve, _, rest = name.rpartition(".Pt.")
        active = found_at(f"{curve}.ActPt", chain)
        assert active is not None
        assert found.active_address == active.point.address
        assert found.number == int(rest.partition(".")[0])


@given(SIZED, st.integers(1, 5))
def test_a_curve_or_a_point_that_the_head_does_not_count_is_nowhere_and_the_reason_is_told(
    sized: Sized, more: int
) -> None:
    chain = chain_of([sized])
    inner = "" if sized.model in CURVES else "MomCess."
    last = "Var" if sized.model == 712 else "V" if sized.model < 709 else "Hz"
    curves = f"{sized.model}.{sized.curves + more}.{inner}ActPt"
    points = f"{sized.model}.1.{inner}Pt.{sized.points + more}.{last}"
    for name in (curves, points):
        assert f"model {sized.model} at 40070 has NPt = {sized.points} and" in reason(name, chain)


@given(SIZED, st.integers(-3, 3).filter(bool))
def test_a_model_whose_length_is_not_what_its_head_implies_has_no_curves_and_is_told(
    sized: Sized, off: int
) -> None:
    length = max(1, sized.length + off)
    chain = Chain(0, (Block(sized.model, 2, length, sized.head),))
    for name, _ in sized.rows[:3]:
        said = reason(name, chain)
        assert said.startswith(f"model {sized.model} at 2 has {length} registers, but its NPt = ")
        assert said.endswith(f" would be {sized.length}")


@given(
    st.sampled_from(MODELS),
    st.integers(1, 2_000),
    st.tuples(st.integers(0, 65_535), st.integers(0, 65_535)) | st.just(()),
    st.integers(1, 100),
    st.integers(1, 100),
)
def test_any_head_leads_to_a_place_within_its_model_or_to_none(
    model: int, length: int, head: tuple[int, ...], curve: int, point: int
) -> None:
    inner = "" if model in CURVES else "MayTrip."
    last = "Var" if model == 712 else "V" if model < 709 else "Hz"
    block = Block(model, 2, length, head)
    (place,) = parse(f"{model}.{curve}.{inner}Pt.{point}.{last}")
    found = located(PLAIN, (place,), Chain(0, (block,)))
    assert (found is None) is bool(fault(place, block))
    if found is not None:
        assert 4 <= found.point.address <= 4 + length - found.point.count
        assert found.active_address is not None
        assert 4 <= found.active_address < found.point.address


@pytest.mark.parametrize("head", [(65_534, 65_534), (65_534, 1), (0, 65_534)])
def test_a_head_that_promises_more_than_there_is_gets_nothing(head: tuple[int, int]) -> None:
    chain = Chain(0, (Block(705, 2, 41, head),))
    assert "has 41 registers, but its" in reason("705.1.ActPt", chain)


@pytest.mark.parametrize("head", [(), (0xFFFF, 2), (4, 0xFFFF), (4,)])
def test_a_head_that_does_not_say_its_counts_has_no_curves(head: tuple[int, ...]) -> None:
    chain = Chain(0, (Block(709, 2, 200, head),))
    assert reason("709.1.ReadOnly", chain) == "model 709 at 2 does not say its NPt and NCrvSet"


def test_the_head_of_a_model_with_wrong_curves_is_read_as_ever() -> None:
    chain = Chain(0, (Block(705, 2, 14, (9, 9)),))
    found = found_at("705.NCrv", chain)
    assert found is not None
    assert found.point.address == 2 + 6


@given(SIZED)
def test_a_place_is_written_as_it_is_read(sized: Sized) -> None:
    for name, _ in sized.rows:
        assert [str(place) for place in parse(name)] == [name]


def test_only_the_heads_that_a_profile_needs_are_looked_at() -> None:
    assert not heads({"a": parse("705.NCrv"), "b": parse("160.3.DCW")})
    where = {"a": parse("705.2.Pt.3.V|706.1.ActPt"), "b": parse("103.W")}
    assert heads(where) == {705: range(5, 7), 706: range(5, 7)}
