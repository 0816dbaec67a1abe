"""drivers.sunspec.resolve: a point of the standard becomes registers of this device, or nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import ProfileError
from drivers.point import Access, Coding, Kind, Point
from drivers.sunspec.discover import Block, Chain
from drivers.sunspec.models import models
from drivers.sunspec.resolve import Place, Step, UnknownPoint, located, parse, places, resolved

PLAIN = Point(name="a.b", kind=Kind.HOLDING, address=0, coding=Coding.UINT16, scale=-0.001)


def chain(*blocks: tuple[int, int]) -> Chain:
    address, found = 40_002, []
    for model, length in blocks:
        found.append(Block(model, address, length))
        address += 2 + length
    return Chain(40_000, tuple(found))


def found_at(text: str, device: Chain) -> Point | None:
    found = located(PLAIN, parse(text), device)
    return None if found is None else found.point


def test_a_point_gets_its_address_type_sentinel_and_scale_register() -> None:
    point = found_at("124.InWRte", chain((1, 66), (124, 24)))
    assert point is not None
    start = 40_002 + 68
    assert (point.kind, point.address, point.coding) == (Kind.HOLDING, start + 13, Coding.INT16)
    assert point.scale_address == start + 25
    assert point.sentinels == {0x8000}
    assert point.scale == -0.001  # what the profile says stays


def test_the_order_of_the_models_does_not_matter() -> None:
    first = found_at("103.W", chain((1, 66), (103, 50), (124, 24)))
    last = found_at("103.W", chain((124, 24), (1, 65), (103, 50)))
    assert first is not None
    assert last is not None
    assert (first.address, last.address) == (40_002 + 68 + 14, 40_002 + 26 + 67 + 14)


def test_a_point_of_a_repeated_group_counts_from_one() -> None:
    device = chain((1, 66), (160, 88))
    fourth = found_at("160.4.DCW", device)
    assert fourth is not None
    assert fourth.address == 40_070 + 10 + 3 * 20 + 11
    assert fourth.scale_address == 40_070 + 4
    assert found_at("160.5.DCW", device) is None


def test_the_first_model_that_the_device_has_is_taken() -> None:
    assert parse("802|713.SoC") == (Place(802, 0, "SoC"), Place(713, 0, "SoC"))
    assert parse("707.1|708.2.MayTrip.Pt.3.V") == tuple(
        Place(model, group, "V", (Step("MayTrip", 0), Step("Pt", 3)))
        for model, group in ((707, 1), (708, 2))
    )
    assert parse("713.SoC|124.ChaState") == (Place(713, 0, "SoC"), Place(124, 0, "ChaState"))
    both = found_at("802|713.SoC", chain((713, 7), (802, 62)))
    only = found_at("802|713.SoC", chain((713, 7)))
    assert both is not None
    assert only is not None
    assert (both.address, only.address) == (40_002 + 9 + 11, 40_002 + 4)


def test_a_text_has_the_length_of_the_standard() -> None:
    found = located(
        Point(name="identity.serial", kind=Kind.HOLDING, address=0, coding=Coding.STRING, length=1),
        parse("1.SN"),
        chain((1, 65)),
    )
    assert found is not None
    assert (found.point.address, found.point.length) == (40_002 + 50, 16)


def test_a_model_that_is_shorter_than_the_standard_is_another_one_and_not_used() -> None:
    assert found_at("715.ControllerHb", chain((715, 5))) is None
    assert found_at("124.ChaState", chain((124, 23))) is None


def test_a_model_that_is_not_there_gives_nothing() -> None:
    assert found_at("802.SoC", chain((1, 66), (103, 50))) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("124", "a point such as"),
        ("124.Nonsense", "a point of model 124, not Nonsense"),
        ("999.W", "one of the models"),
        ("103.2.W", "a group that model 103 has"),
        ("124.InWRte;", "a point such as"),
        ("705.Pt.1.V", "a point of model 705, not Pt.1.V"),
        ("705.1.Pt.V", "Pt with its number"),
        ("705.1.Pt.0.V", "Pt with its number"),
        ("705.1.Pt.101.V", "Pt with its number"),
        ("705.1.Pt.9999.V", "Pt with its number"),
        ("705.1.Pt.2", "a point of model 705, not Pt.2: V, Var"),
        ("705.1.Pt.2.W", "a point of model 705, not Pt.2.W: V, Var"),
        ("705.1.V", "not V: ActPt, .*, Pt.…"),
        ("705.101.ActPt", "a group that model 705 has, not 101"),
        ("707.1.Pt.1.V", "not Pt.1.V: ReadOnly, MustTrip.…, MayTrip.…, MomCess.…"),
        ("707.1.MustTrip.1.ActPt", "not MustTrip.1.ActPt: ActPt, Pt"),
        ("707.1.MustTrip", "not MustTrip: ActPt, Pt"),
    ],
)
def test_a_point_that_no_model_has_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(UnknownPoint, match=said):
        parse(text)


def named(name: str, sunspec: str, access: Access = Access.READ) -> Point:
    coding = Coding.STRING if name.startswith("identity.") else Coding.UINT16
    return replace(PLAIN, name=name, sunspec=sunspec, access=access, coding=coding, length=1)


def test_every_wrong_name_of_a_profile_is_told_with_its_point() -> None:
    points = [
        named("a.good", "103.W"),
        named("a.bad", "103.Watt"),
        named("a.write", "701|103.W", Access.READ_WRITE),
        named("identity.model", "103.W"),
        named("b.text", "1.SN"),
    ]
    with pytest.raises(ProfileError) as caught:
        places(points)
    told = caught.value.lines
    assert [line.partition(".sunspec")[0] for line in told] == [
        "a.bad",
        "a.write",
        "identity.model",
        "b.text",
    ]
    assert "a point that can be written, which 701.W is not" in told[1]


def test_a_device_gives_what_it_has_and_every_plain_address() -> None:
    points = [PLAIN, named("a.power", "103.W"), named("a.soc", "802|713.SoC")]
    found = resolved(points, places(points), chain((1, 66), (103, 50)), 120)
    assert list(found) == ["a.b", "a.power"]
    assert found["a.power"].point.address == 40_002 + 68 + 14


def test_a_scale_factor_out_of_reach_leaves_its_point_out() -> None:
    points = [named("a.power", "701.W")]
    device = chain((701, 153))
    assert resolved(points, places(points), device, 107)
    assert not resolved(points, places(points), device, 106)


@given(
    st.sampled_from(sorted(models())),
    st.integers(0, 2_000),
    st.data(),
)
def test_a_located_point_lies_wholly_in_its_own_model(
    model: int, length: int, data: st.DataObject
) -> None:
    layout = models()[model]
    fields = layout.group.fields if layout.group else layout.fields
    name = data.draw(st.sampled_from(sorted(fields)))
    group = data.draw(st.integers(1, 100)) if layout.group else 0
    place = Place(model, group, name)
    head = data.draw(st.tuples(st.integers(0, 9), st.integers(0, 9)) | st.just(()))
    found = located(PLAIN, (place,), Chain(0, (Block(model, 2, length, head),)))
    if found is not None:
        point = found.point
        assert point.address >= 4
        assert point.address + max(point.count, point.length) <= 4 + length
        if point.scale_address is not None:
            assert 4 <= point.scale_address < 4 + length
