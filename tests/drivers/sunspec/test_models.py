"""drivers.sunspec.models: the layouts agree with the published offsets and lengths."""

import pytest

from drivers.sunspec.models import Type, models

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


def test_each_repeated_group_has_its_published_length() -> None:
    known = models().items()
    assert {number: model.group_words for number, model in known if model.group_words} == GROUPS


@pytest.mark.parametrize(("model", "point", "offset"), PLACES)
def test_a_point_lies_at_its_published_offset(model: int, point: str, offset: int) -> None:
    assert models()[model].fields[point].offset == offset


def test_every_scale_factor_that_is_named_is_there_and_is_one() -> None:
    for number, model in models().items():
        for field in (*model.fields.values(), *model.group.values()):
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


def test_groups_are_counted_by_the_length_of_the_model() -> None:
    assert models()[160].groups(88) == 4
    assert models()[160].groups(8) == 0
    assert models()[103].groups(500) == 0


def test_each_type_has_the_not_implemented_value_of_the_standard() -> None:
    assert Type.INT16.sentinels == Type.SUNSSF.sentinels == {0x8000}
    assert Type.UINT16.sentinels == Type.ENUM16.sentinels == Type.BITFIELD16.sentinels == {0xFFFF}
    assert Type.INT32.sentinels == {0x8000_0000}
    assert Type.UINT32.sentinels == Type.BITFIELD32.sentinels == {0xFFFF_FFFF}
    assert Type.INT64.sentinels == {1 << 63}
    assert Type.UINT64.sentinels == {(1 << 64) - 1}
    assert Type.ACC32.sentinels == Type.ACC64.sentinels == {0}
    assert not Type.FLOAT32.sentinels
