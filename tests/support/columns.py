"""Is what the hub made of a block the block?"""

import math

from cloud.fleet.telemetry.columns import Columns
from wire.block import Block


def same(found: Columns, block: Block) -> None:
    assert (found.device, found.boot, found.seq, found.step_us) == (
        block.device,
        block.boot,
        block.seq,
        block.step_us,
    )
    assert tuple(found.at_us.tolist()) == block.at_us
    assert found.points == block.points
    values = tuple(
        tuple(None if math.isnan(v) else v for v in row) for row in found.values.tolist()
    )
    assert values == block.values
    assert found.quality.tolist() == [list(map(int, row)) for row in block.quality]
    assert found.values.shape == found.quality.shape == (len(block.points), len(block.at_us))
