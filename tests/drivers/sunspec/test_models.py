"""drivers.sunspec.models: the layouts agree with the published offsets and lengths."""

from collections.abc import Iterator

import pytest

from drivers.sunspec.models import Field, Group, Type, models

LENGTHS = {
    1: 66,
    101: 50,
    102: 50,
    103: 50,
    111: 60,
    112: 60,
    113: 60,
    120: 26,
    121: 30,
    122: 44,
    123: 24,
    124: 24,
    160: 8,
    201: 105,
    202: 105,
    203: 105,
    204: 105,
    211: 124,
    212: 124,
    213: 124,
    214: 124,
    701: 153,
    702: 50,
    703: 17,
    704: 65,
    705: 13,
    706: 13,
    707: 7,
    708: 7,
    709: 7,
    710: 7,
    711: 12,
    712: 12,
    713: 7,
    714: 18,
    715: 7,
    802: 62,
    803: 26,
    64201: 52,
    64202: 6,
}
GROUPS = {160: 20, 711: 10, 714: 25, 803: 32, 64202: 8}
CURVES = {
    705: (10, 2),
    706: (5, 2),
    707: (4, 9),
    708: (4, 9),
    709: (4, 12),
    710: (4, 12),
    712: (4, 2),
}
"""Registers of a curve, or of a set of three, without points; and what a point more adds to it."""
PLACES = [
    (1, "Vr", 42),
    (103, "W", 14),
    (103, "Hz_SF", 17),
    (103, "St", 38),
    (113, "W", 22),
    (113, "St", 48),
    (120, "MaxDisChaRte_SF", 26),
    (121, "ECPNomHz_SF", 31),
    (122, "RtSt", 43),
    (123, "WMaxLimPct", 5),
    (123, "WMaxLim_Ena", 9),
    (123, "VArPct_SF", 25),
    (124, "StorCtl_Mod", 5),
    (124, "ChaState", 8),
    (124, "OutWRte", 12),
    (124, "InOutWRte_RvrtTms", 15),
    (124, "InOutWRte_SF", 25),
    (160, "N", 8),
    (203, "W", 18),
    (203, "TotWh_SF", 54),
    (203, "Evt", 105),
    (213, "W", 28),
    (213, "Evt", 124),
    (701, "W", 10),
    (701, "Hz", 17),
    (701, "W_SF", 116),
    (701, "MnAlrmInfo", 123),
    (702, "WMax", 26),
    (702, "S_SF", 51),
    (704, "WSetEna", 22),
    (704, "WSet", 24),
    (704, "WSetPct", 28),
    (704, "WSetRvrtTms", 31),
    (704, "WSet_SF", 55),
    (704, "PFWAbsRvrt_Ext", 66),
    (711, "RspTms_SF", 13),
    (713, "SoC", 4),
    (715, "ControllerHb", 5),
    (802, "SoC", 11),
    (802, "CtrlHb", 19),
    (802, "State", 22),
    (802, "W", 47),
    (802, "SetOp", 50),
    (802, "W_SF", 63),
    (803, "V_SF", 27),
    (64201, "Watchdog", 8),
    (64201, "WSetPct", 9),
    (64201, "WSetPct_SF", 46),
]


def test_each_model_has_its_published_length() -> None:
    assert {number: model.length for number, model in models().items()} == LENGTHS


def groups_of(group: Group | None) -> Iterator[Group]:
    if group is not None:
        yield group
        for inside in group.groups.values():
            yield from groups_of(inside)


def fields_of(group: Group | None) -> Iterator[Field]:
    for each in groups_of(group):
        yield from each.fields.values()


def test_each_repeated_group_has_its_published_length() -> None:
    sizes = {n: m.group.size({}) for n, m in models().items() if m.group and not m.counts}
    assert sizes == GROUPS


def test_each_curve_has_its_published_length_by_the_number_of_its_points() -> None:
    nested = {number: model for number, model in models().items() if model.counts}
    assert list(nested) == list(CURVES)
    for number, (empty, more) in CURVES.items():
        group = nested[number].group
        assert group is not None
        for points in (0, 1, 4, 10):
            assert group.size({"NPt": points}) == empty + more * points


def test_the_counts_of_a_model_with_curves_lie_at_their_published_offsets() -> None:
    for number in CURVES:
        model = models()[number]
        curves = "NCrvSet" if number in range(707, 711) else "NCrv"
        assert model.counts == ("NPt", curves)
        assert model.head == range(5, 7)
        assert model.counted([4, 3]) == {"NPt": 4, curves: 3}
        assert model.counted([0xFFFF, 3]) is None
        assert model.counted([]) is None


def test_whatever_says_how_many_there_are_is_a_number_of_its_model() -> None:
    for model in models().values():
        assert all(model.fields[name].type is Type.UINT16 for name in model.counts)
        for around in groups_of(model.group):
            for inside in around.groups.values():
                assert not inside.active or around.fields[inside.active].type is Type.UINT16


@pytest.mark.parametrize(("model", "point", "offset"), PLACES)
def test_a_point_lies_at_its_published_offset(model: int, point: str, offset: int) -> None:
    assert models()[model].fields[point].offset == offset


def test_every_scale_factor_that_is_named_is_there_and_is_one() -> None:
    for number, model in models().items():
        for field in (*model.fields.values(), *fields_of(model.group)):
            if field.scale_factor:
                found = model.fields[field.scale_factor]
                assert found.type is Type.SUNSSF, f"{number}.{field.name}"


def test_no_point_lies_on_another_and_none_is_left_between() -> None:
    for model in models().values():
        end = 2
        for field in model.fields.values():
            assert field.offset == end
            end += field.words
        assert end == 2 + model.length


def test_a_common_model_may_come_without_its_pad() -> None:
    assert models()[1].length_min == 65
    assert models()[124].length_min == 24


def test_each_type_has_the_not_implemented_value_of_the_standard() -> None:
    assert Type.INT16.sentinels == Type.SUNSSF.sentinels == {0x8000}
    assert Type.UINT16.sentinels == Type.ENUM16.sentinels == Type.BITFIELD16.sentinels == {0xFFFF}
    assert Type.INT32.sentinels == {0x8000_0000}
    assert Type.UINT32.sentinels == Type.BITFIELD32.sentinels == {0xFFFF_FFFF}
    assert Type.INT64.sentinels == {1 << 63}
    assert Type.UINT64.sentinels == {(1 << 64) - 1}
    assert Type.ACC32.sentinels == Type.ACC64.sentinels == {0}
    assert not Type.FLOAT32.sentinels
