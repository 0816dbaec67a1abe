"""Items of control to frames of the buffer: settlement apart, and only what is worth keeping. Pure.

What is kept of a point depends on what was kept of it before, so a `Packer` remembers; but only
once it is told that its frames are stored, for what could not be stored is packed again.
"""

from collections import ChainMap
from collections.abc import Sequence
from fnmatch import fnmatchcase

from agent.gateway.rows import Draft
from agent.gateway.rules import MEMORY_MAX, Kept, Rule, chosen, kept_of, rule_for
from agent.link import Item
from wire import block as blocks
from wire import records, sync
from wire.block import Block
from wire.records import Records
from wire.sync import Event, FrameClass

SETTLEMENT_POINTS = ("meter.import_kwh", "meter.export_kwh")
"""What energy is billed by; patterns may be used."""
LAYOUTS_MAX = 1_000
"""Lists of points whose rules are remembered; beyond it they are looked up again."""


class Packer:
    """See the module. Settlement points are kept as they come, whatever the rules say."""

    def __init__(
        self, settlement_points: Sequence[str] = SETTLEMENT_POINTS, rules: Sequence[Rule] = ()
    ) -> None:
        self._settlement_points = tuple(settlement_points)
        self._rules = tuple(rules)
        self._layouts: dict[tuple[str, ...], tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self._rules_of: dict[tuple[str, ...], tuple[Rule | None, ...]] = {}
        self._kept: dict[tuple[str, str], Kept] = {}
        self._news: dict[tuple[str, str], Kept] = {}

    def begin(self) -> None:
        """Forget what was packed and not stored."""
        self._news = {}

    def stored(self) -> None:
        """Remember what was packed since `begin`: it is stored."""
        self._kept |= self._news
        self._news = {}
        if len(self._kept) > MEMORY_MAX:
            self._kept.clear()  # Then each point keeps its next sample, whatever it is.

    def pack(self, items: Sequence[Item]) -> list[Draft]:
        """Return the fewest frames that hold what is kept of `items`.

        A frame for each run of a device and class, then events; all of one clock.
        """
        samples = [item.content for item in items if isinstance(item.content, Block)]
        events = [item.content for item in items if isinstance(item.content, Event)]
        drafts = [draft for block in blocks.merge(samples) for draft in self._drafts(block)]
        for start in range(0, len(events), sync.FRAMES_MAX):
            part = tuple(events[start : start + sync.FRAMES_MAX])
            payload = records.encode(Records(events=part))
            drafts.append(Draft(FrameClass.EVENTS, part[0].at_us, len(part), payload))
        return drafts

    def _drafts(self, block: Block) -> list[Draft]:
        settlement, others = self._layout(block.points)
        everything = range(len(block.at_us))
        drafts = []
        if settlement:
            apart = chosen(block, settlement, everything) if others else block
            drafts.append(_draft(FrameClass.SETTLEMENT, apart))
        if others or not settlement:
            rest = chosen(block, others, everything) if settlement else block
            drafts += [_draft(FrameClass.TELEMETRY, part) for part in self._worth_keeping(rest)]
        return drafts

    def _worth_keeping(self, block: Block) -> list[Block]:
        if not self._rules:
            return [block]
        rules = self._rules_of.get(block.points)
        if rules is None:
            rules = tuple(rule_for(self._rules, point) for point in block.points)
            if len(self._rules_of) < LAYOUTS_MAX:
                self._rules_of[block.points] = rules
        kept, news = kept_of(block, rules, ChainMap(self._news, self._kept))
        self._news |= news
        return kept

    def _layout(self, points: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return which columns are settlement values, and which are not."""
        found = self._layouts.get(points)
        if found is None:
            marked = [self._is_settlement(point) for point in points]
            found = (
                tuple(p for p, is_one in enumerate(marked) if is_one),
                tuple(p for p, is_one in enumerate(marked) if not is_one),
            )
            if len(self._layouts) < LAYOUTS_MAX:
                self._layouts[points] = found
        return found

    def _is_settlement(self, point: str) -> bool:
        return any(fnmatchcase(point, pattern) for pattern in self._settlement_points)


def pack(items: Sequence[Item]) -> list[Draft]:
    """Return frames of all of `items`, by no rules and with the usual settlement points."""
    return Packer().pack(items)


def _draft(kind: FrameClass, block: Block) -> Draft:
    return Draft(
        kind,
        min(block.at_us),
        len(block.points) * len(block.at_us),
        blocks.encode(block),
        t1_us=max(block.at_us),
    )
