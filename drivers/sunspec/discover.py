"""The walk along a device's chain of SunSpec models. Pure: a generator that asks for registers.

The chain starts with the mark "SunS" at one of three addresses; each model is its id, its length
and that many registers, and id 0xFFFF ends it. The walk trusts nothing: a length of 0 or beyond
2000, more than 100 models, or a chain that leaves the address space ends it where it is, and what
was found until then is used. Of models that say in their head how often their groups are there,
those registers are looked at too.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

BASES = (40_000, 50_000, 0)
"""Where the mark is looked for, in this order."""
MARK = (0x5375, 0x6E53)
"""'SunS' in two registers."""
END_ID = 0xFFFF
LENGTH_MAX = 2_000
BLOCKS_MAX = 100
_ADDRESSES = 65_536
_HEADER_WORDS = 2
Heads = Mapping[int, range]
"""By model: which of its registers, from the first header register, the walk looks at too."""
_NO_HEADS: Heads = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ask:
    """Holding registers that the walk wants to see next."""

    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Block:
    """One model of the chain."""

    model: int
    address: int
    """Of its first header register, on the wire."""
    length: int
    """Registers behind the header."""
    head: tuple[int, ...] = ()
    """What was looked at in it, see `Heads`; empty: nothing, or the device refuses it."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What a device says it has, in its own order."""

    base: int | None
    """Where the mark stands; None: nowhere, the device speaks no SunSpec."""
    blocks: tuple[Block, ...]
    trouble: str = ""
    """Why the walk ended before the end of the chain, for people; empty: it did not."""

    def has(self, model: int) -> bool:
        return any(block.model == model for block in self.blocks)

    def described(self) -> str:
        """Return the models for a message: ``1, 103, 124``."""
        return ", ".join(str(block.model) for block in self.blocks) or "none"


Walk = Generator[Ask, Sequence[int] | None, Chain]


def walk(bases: Sequence[int] = BASES, heads: Heads = _NO_HEADS) -> Walk:
    """Yield what to read and take its registers, or None where the device refuses; return the map.

    At most one request for each base, one for each model and one more for each of `heads`, so it
    ends on any answers.
    """
    for base in bases:
        words = yield Ask(base, len(MARK))
        if words is not None and tuple(words) == MARK:
            return (yield from _models(base, heads))
    looked = ", ".join(str(base) for base in bases)
    return Chain(None, (), f"no SunSpec mark at {looked}")


def _models(base: int, heads: Heads) -> Walk:
    blocks: list[Block] = []
    address = base + len(MARK)
    while True:
        if address + _HEADER_WORDS > _ADDRESSES:
            return _broken(base, blocks, "the chain of models leaves the address space")
        words = yield Ask(address, _HEADER_WORDS)
        if words is None or len(words) != _HEADER_WORDS:
            return _broken(base, blocks, f"the chain of models cannot be read at {address}")
        model, length = words
        if model == END_ID:
            return Chain(base, tuple(blocks))
        if not 1 <= length <= LENGTH_MAX:
            return _broken(
                base,
                blocks,
                f"model {model} at {address} claims {length} registers,"
                f" 1 to {LENGTH_MAX} are possible",
            )
        if address + _HEADER_WORDS + length > _ADDRESSES:
            return _broken(base, blocks, f"model {model} at {address} leaves the address space")
        if len(blocks) == BLOCKS_MAX:
            return _broken(base, blocks, f"the chain has more than {BLOCKS_MAX} models")
        head: Sequence[int] | None = None
        look = heads.get(model, range(0))
        if look and look.stop <= _HEADER_WORDS + length:
            head = yield Ask(address + look.start, len(look))
        blocks.append(Block(model, address, length, tuple(head or ())))
        address += _HEADER_WORDS + length


def _broken(base: int, blocks: Sequence[Block], trouble: str) -> Chain:
    return Chain(base, tuple(blocks), trouble)
