"""cloud.fleet.telemetry.snapshot: points that come together for the first time get a place each."""

from cloud.fleet.telemetry import columns, snapshot
from wire.block import Block, Quality, encode


def test_three_new_points_of_one_block_are_known_by_name() -> None:
    block = Block(
        device="inverter",
        boot="boot-1",
        seq=1,
        at_us=(1_000,),
        points=("ac.power_kw", "battery.soc_pct", "control.setpoint_kw"),
        values=((1.0,), (2.0,), (3.0,)),
        quality=((Quality.GOOD,),) * 3,
    )
    found = snapshot.empty("epoch-1")
    found.take("epoch-1", 1, columns.decode(encode(block)))
    assert [(each.point, each.value) for each in found.of("inverter")] == [
        ("ac.power_kw", 1.0),
        ("battery.soc_pct", 2.0),
        ("control.setpoint_kw", 3.0),
    ]
