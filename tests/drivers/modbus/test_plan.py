"""drivers.modbus.plan: every point is asked for once, in few requests, and never out of bounds."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.modbus.plan import BITS_MAX, REMEMBER_S, RETRY_S, Border, Planner, Request, plan
from drivers.point import Access, Coding, Kind, Point


def register(address: int, coding: Coding = Coding.UINT16, kind: Kind = Kind.INPUT) -> Point:
    return Point(name=f"test.{kind}_{address}", kind=kind, address=address, coding=coding)


def spans(requests: Sequence[Request]) -> list[tuple[int, int]]:
    return [(request.start, request.count) for request in requests]


def test_neighbours_share_a_request_and_small_gaps_are_read_along() -> None:
    points = [register(0, Coding.INT32), register(2), register(11), register(21)]
    assert spans(plan(points, max_registers=120, gap_fill=8)) == [(0, 12), (21, 1)]
    assert spans(plan(points, max_registers=120, gap_fill=0)) == [(0, 3), (11, 1), (21, 1)]


def test_a_thousand_registers_take_eight_requests() -> None:
    points = [register(address) for address in range(1_000)]
    assert len(plan(points, max_registers=125, gap_fill=8)) == 8


def test_the_tables_of_a_device_are_never_mixed() -> None:
    points = [register(0), register(1, kind=Kind.HOLDING), register(1)]
    requests = plan(points, max_registers=120, gap_fill=8)
    assert {(r.kind, r.start, r.count) for r in requests} == {
        (Kind.INPUT, 0, 2),
        (Kind.HOLDING, 1, 1),
    }


def test_bits_of_one_word_cost_one_register() -> None:
    bits = [Point(name=f"test.bit_{i}", kind=Kind.INPUT, address=9, coding=Coding.BOOL, bit=i)
            for i in range(3)]  # fmt: skip
    assert spans(plan(bits, max_registers=120, gap_fill=8)) == [(9, 1)]


def test_no_request_runs_across_a_border() -> None:
    points = [register(address) for address in range(4)]
    assert spans(plan(points, 120, 8, {(Kind.INPUT, 2)})) == [(0, 2), (2, 2)]
    assert spans(plan(points, 120, 8, {(Kind.HOLDING, 2)})) == [(0, 4)]


_points = st.lists(
    st.builds(
        register,
        st.integers(0, 400),
        st.sampled_from([Coding.UINT16, Coding.INT32, Coding.FLOAT32, Coding.UINT64]),
        st.sampled_from([Kind.INPUT, Kind.HOLDING]),
    )
    | st.builds(register, st.integers(0, 5_000), st.just(Coding.BOOL), st.just(Kind.DISCRETE)),
    max_size=60,
)
_borders = st.sets(st.tuples(st.sampled_from(Kind), st.integers(0, 400)), max_size=10)


@given(_points, st.integers(4, 125), st.integers(0, 20), _borders)
def test_any_plan_covers_every_point_once_within_every_limit(
    points: list[Point], max_registers: int, gap_fill: int, borders: set[Border]
) -> None:
    requests = plan(points, max_registers, gap_fill, borders)
    planned = [point for request in requests for point in request.points]
    assert sorted(planned, key=repr) == sorted(points, key=repr)
    for request in requests:
        limit = BITS_MAX if request.kind.of_bits else max_registers
        assert 1 <= request.count <= limit
        end, reached = request.start + request.count, request.start
        for point in request.points:
            assert point.kind is request.kind
            assert point.address <= reached + gap_fill
            reached = max(reached, point.address + point.count)
        assert reached == end, "nothing is asked for behind the last point"
        if len(request.points) > 1:
            assert not any(k is request.kind and request.start < a < end for k, a in borders)


@given(_points)
def test_a_point_gets_the_registers_of_its_own_address(points: list[Point]) -> None:
    for request in plan(points, max_registers=120, gap_fill=8):
        answer = list(range(request.start, request.start + request.count))
        for point in request.points:
            own = request.registers_of(point, answer)
            assert list(own) == list(range(point.address, point.address + point.count))


def _planner() -> Planner:
    return Planner([register(address) for address in range(6)], max_registers=120, gap_fill=8)


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
    planner = Planner([register(0), fast, written], max_registers=120, gap_fill=8)
    assert spans(planner.requests(Rate.SLOW, 0.0)) == [(0, 1)]
    assert spans(planner.requests(Rate.FAST, 0.0)) == [(1, 1)]
