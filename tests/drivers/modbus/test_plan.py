"""drivers.modbus.plan: every point is asked for once, in few requests, and never out of bounds."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.modbus.plan import REMEMBER_S, RETRY_S, Border, Limits, Planner, Request, plan
from drivers.point import Access, Coding, Kind, Point

LIMITS = Limits(registers=120, bits=2_000, gap_fill=8)


def register(address: int, coding: Coding = Coding.UINT16, kind: Kind = Kind.INPUT) -> Point:
    return Point(name=f"test.{kind}_{address}", kind=kind, address=address, coding=coding)


def spans(requests: Sequence[Request]) -> list[tuple[int, int]]:
    return [(request.start, request.count) for request in requests]


def test_neighbours_share_a_request_and_small_gaps_are_read_along() -> None:
    points = [register(0, Coding.INT32), register(2), register(11), register(21)]
    assert spans(plan(points, LIMITS)) == [(0, 12), (21, 1)]
    assert spans(plan(points, Limits(120, 2_000, 0))) == [(0, 3), (11, 1), (21, 1)]


def test_a_thousand_registers_take_eight_requests() -> None:
    points = [register(address) for address in range(1_000)]
    assert len(plan(points, Limits(125, 2_000, 8))) == 8


def test_the_tables_of_a_device_are_never_mixed() -> None:
    points = [register(0), register(1, kind=Kind.HOLDING), register(1)]
    requests = plan(points, LIMITS)
    assert {(r.kind, r.start, r.count) for r in requests} == {
        (Kind.INPUT, 0, 2),
        (Kind.HOLDING, 1, 1),
    }


def test_bits_of_one_word_cost_one_register() -> None:
    bits = [Point(name=f"test.bit_{i}", kind=Kind.INPUT, address=9, coding=Coding.BOOL, bit=i)
            for i in range(3)]  # fmt: skip
    assert spans(plan(bits, LIMITS)) == [(9, 1)]


def test_no_request_runs_across_a_border() -> None:
    points = [register(address) for address in range(4)]
    assert spans(plan(points, LIMITS, {(Kind.INPUT, 2)})) == [(0, 2), (2, 2)]
    assert spans(plan(points, LIMITS, {(Kind.HOLDING, 2)})) == [(0, 4)]


def _scaled(address: int, behind: int) -> Point:
    """Return a point whose power of ten lies behind it, or before it where `behind` is below 0."""
    at = max(0, address + behind)
    name = f"test.scaled_{address}_{at}"
    coding = Coding.INT16
    return Point(name=name, kind=Kind.INPUT, address=address, coding=coding, scale_address=at)


_points = st.lists(
    st.builds(
        register,
        st.integers(0, 400),
        st.sampled_from([Coding.UINT16, Coding.INT32, Coding.FLOAT32, Coding.FLOAT64]),
        st.sampled_from([Kind.INPUT, Kind.HOLDING]),
    )
    | st.builds(register, st.integers(0, 5_000), st.just(Coding.BOOL), st.just(Kind.DISCRETE))
    | st.builds(_scaled, st.integers(0, 400), st.integers(-3, 3)),
    max_size=60,
)
_borders = st.sets(st.tuples(st.sampled_from(Kind), st.integers(0, 400)), max_size=10)
_limits = st.builds(Limits, st.integers(4, 125), st.integers(1, 2_000), st.integers(0, 20))


def allowed(points: Sequence[Point], gap_fill: int) -> set[tuple[Kind, int]]:
    """Return every register that may be asked for: found in another way than the planner's."""
    may = {(point.kind, address) for point in points for address in point.span}
    for kind, address in sorted(may):
        gap = [(kind, address + step) for step in range(1, gap_fill + 2)]
        ends = [step for step, place in enumerate(gap) if place in may]
        if ends:
            may.update(gap[: ends[0]])
    return may


@given(_points, _limits, _borders)
def test_any_plan_covers_every_point_once_within_every_limit(
    points: list[Point], limits: Limits, borders: set[Border]
) -> None:
    requests = plan(points, limits, borders)
    planned = [point for request in requests for point in request.points]
    assert sorted(planned, key=repr) == sorted(points, key=repr)
    for request in requests:
        assert 1 <= request.count <= limits.of(request.kind)
        end = request.start + request.count
        assert {point.kind for point in request.points} == {request.kind}
        assert min(point.span.start for point in request.points) == request.start
        assert max(point.span.stop for point in request.points) == end
        if len(request.points) > 1:
            assert not any(k is request.kind and request.start < a < end for k, a in borders)


@given(_points, _limits, st.data())
def test_no_register_is_ever_asked_for_that_may_not_be(
    points: list[Point], limits: Limits, data: st.DataObject
) -> None:
    named = list({point.name: point for point in points}.values())
    planner = Planner(named, limits)
    may = allowed(named, limits.gap_fill)
    refused: list[Point] = []
    for now_s in range(4):
        requests = planner.requests(Rate.SLOW, float(now_s))
        for request in requests:
            assert request.start + request.count <= 65_536
            asked = {(request.kind, request.start + step) for step in range(request.count)}
            assert asked <= may
            names = {point.name for point in request.points}
            assert not names & {point.name for point in refused}
            for point in refused:
                if (point.kind, point.address) in asked:
                    assert any(point.address in other.span for other in request.points)
        if named:
            refused.append(data.draw(st.sampled_from(named)))
            planner.refuse(refused[-1], float(now_s))


@given(_points)
def test_a_point_gets_the_registers_of_its_own_address(points: list[Point]) -> None:
    for request in plan(points, LIMITS):
        answer = list(range(request.start, request.start + request.count))
        for point in request.points:
            own = request.registers_of(point, answer)
            assert list(own) == list(range(point.address, point.address + point.count))


def test_a_point_is_read_in_one_request_with_the_register_of_its_scale() -> None:
    far = _scaled(10, 40)
    assert spans(plan([far, register(30)], LIMITS)) == [(10, 41)]
    assert spans(plan([_scaled(10, -10)], Limits(120, 2_000, 0))) == [(0, 11)]


def test_a_point_too_far_from_its_scale_is_not_asked_for() -> None:
    planner = Planner([_scaled(10, 120), register(0)], LIMITS)
    assert spans(planner.requests(Rate.SLOW, 0.0)) == [(0, 1)]
    assert len(planner.points(Rate.SLOW)) == 2


def test_points_of_the_very_same_registers_stay_together_when_a_request_is_halved() -> None:
    bits = [
        Point(name=f"test.bit_{bit}", kind=Kind.INPUT, address=5, coding=Coding.BOOL, bit=bit)
        for bit in range(8)
    ]
    planner = Planner([*bits, register(6)], LIMITS)
    (whole,) = planner.requests(Rate.SLOW, 0.0)
    first, second = planner.halves(whole)
    assert (spans(first), spans(second)) == ([(5, 1)], [(6, 1)])
    assert planner.halves(first[0]) == ((), first)


@given(_points.filter(bool))
def test_halving_a_request_always_comes_to_an_end(points: list[Point]) -> None:
    planner = Planner(points, LIMITS)
    waiting = list(plan(points, LIMITS))
    steps = 0
    while waiting:
        first, second = planner.halves(waiting.pop())
        steps += 1
        assert second
        if first:
            waiting += [*first, *second]
    assert steps <= 2 * len(points)


def _planner() -> Planner:
    return Planner([register(address) for address in range(6)], LIMITS)


def test_a_refused_point_is_left_out_with_a_border_and_tried_again_after_a_minute() -> None:
    planner = _planner()
    assert spans(planner.requests(Rate.SLOW, 0.0)) == [(0, 6)]
    planner.refuse(register(3), 1.0)
    assert spans(planner.requests(Rate.SLOW, 2.0)) == [(0, 3), (4, 2)]
    assert len(planner.points(Rate.SLOW)) == 6
    assert spans(planner.requests(Rate.SLOW, 1.0 + REMEMBER_S)) == [(0, 6)]


def test_a_device_that_gives_nothing_is_tried_again_soon() -> None:
    planner = _planner()
    for address in range(6):
        planner.refuse(register(address), 1.0)
    planner.retry_soon(1.0)
    assert planner.requests(Rate.SLOW, 1.5) == ()
    planner.retry_soon(1.5)
    assert spans(planner.requests(Rate.SLOW, 1.0 + RETRY_S)) == [(0, 6)]


def test_what_is_only_written_or_read_at_another_rate_is_not_asked_for() -> None:
    fast = Point(name="test.fast", kind=Kind.INPUT, address=1, coding=Coding.INT16, rate=Rate.FAST)
    written = Point(
        name="test.written",
        kind=Kind.HOLDING,
        address=2,
        coding=Coding.INT16,
        access=Access.WRITE,
    )
    planner = Planner([register(0), fast, written], LIMITS)
    assert spans(planner.requests(Rate.SLOW, 0.0)) == [(0, 1)]
    assert spans(planner.requests(Rate.FAST, 0.0)) == [(1, 1)]
