"""A journal of the first version, read once into one of today: orders, trades, answers stay.

Every record becomes its cause, which is done again by today's venue, and has to lead to the same
trades and the same ending; a market where it would not is refused with one line, and nothing is
changed. The old file is left where it is, for the archive. A kill leaves a half-made folder that
the next start makes again.
"""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from cloud.exchange import journal_v1
from cloud.exchange import records_v1 as records
from cloud.exchange.facts import Closed, Ended, Entered, Fact, Refused, Traded, Withdrawn
from cloud.exchange.journal import segment, snapshot
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.files import Files
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import (
    Action,
    Ending,
    Execution,
    Kind,
    Side,
    State,
    Validity,
)
from cloud.exchange.matching.order import Owner
from cloud.exchange.records_v1 import Placed, Record, Turned
from cloud.exchange.venue.desk import Lookup
from cloud.exchange.venue.replay import ReplayDiffers, done_again
from cloud.exchange.venue.stall import Stall
from cloud.exchange.venue.venue import Venue
from cloud.market.contracts import Contract, Rule
from wire import clock

_HOUR_US = 3_600 * 1_000_000
_EXECUTIONS = {"GFD": Execution.NON, "IOC": Execution.IOC, "FOK": Execution.FOK}

_logger = logging.getLogger(__name__)


def upgrade(old: Path, folder: Path, lookup: Lookup) -> bool:
    """Make `folder` of the old file, once; False: there was nothing to be done.

    Args:
        lookup: the catalogue; a contract that it does not know is made of what the file says.

    Raises:
        JournalUnusable: the old file is damaged, in use, or says what would not happen today.
    """
    if not old.is_file() or segment.listed(folder) or snapshot.listed(folder):
        return False  # a journal of which only snapshots are left is for people to look at
    beside = folder.with_name(f"{folder.name}.upgrade")
    shutil.rmtree(beside, ignore_errors=True)
    first = journal_v1.Journal(old)
    count = 0
    try:
        made = Journal(beside)
        try:
            list(made.recover())
            translated = _Translation(lookup)
            for frame in first.recover():
                made.commit(translated.facts_of(frame.records))
                count += len(frame.records)
        finally:
            made.close()
    except ReplayDiffers as error:
        raise JournalUnusable(
            f"{old}: today's rules would have decided otherwise: {error}"
        ) from error
    finally:
        first.close()
    if folder.is_dir():
        shutil.rmtree(folder)
    beside.rename(folder)
    Files().sync_folder(folder.parent)
    _logger.info(
        "%s: %d records are in %s now; the file is not needed any more", old, count, folder
    )
    return True


class _Translation:
    """Today's venue on the way through the old records."""

    def __init__(self, lookup: Lookup) -> None:
        self._venue = Venue()
        self._lookup = lookup
        self._expired: dict[tuple[str, int], list[int]] = {}
        """Orders that a gate has ended, by market and start, until the old record says so too."""

    def facts_of(self, batch: Sequence[Record]) -> list[Fact]:
        facts: list[Fact] = []
        for record in batch:
            try:
                facts += self._facts(record)
            except (KeyError, IndexError, AssertionError) as error:
                raise ReplayDiffers(f"{record!r} cannot be: {error!r}") from error
        return facts

    def _facts(self, record: Record) -> list[Fact]:
        desk = self._venue.desk
        match record:
            case Placed():
                return self._placed(record)
            case Turned():
                return self._turned(record)
            case records.Withdrawn(at_us, _, _, order_id, open_steps):
                return done_again(desk, Withdrawn(at_us, order_id, open_steps, Action.DELETED, ""))
            case records.Closed(_, market, start_us, expired):
                key = market, start_us
                facts = [] if key in self._expired else self._close(self._stall_at(*key).closes_us)
                _same(sorted(self._expired.pop(key)) == sorted(expired), record, facts)
                return facts

    def _close(self, until_us: int) -> list[Fact]:
        """Close all gates that are due; those of one instant went in another order then."""
        stalls = self._venue.desk.stalls
        facts = self._venue.advance(until_us)
        ended: list[int] = []
        for fact in facts:
            if isinstance(fact, Closed):
                stall = stalls[fact.contract]
                ended = self._expired[stall.market, stall.listed.start_us] = []
            elif isinstance(fact, Ended):
                ended.append(fact.order_id)
        return facts

    def _placed(self, placed: Placed) -> list[Fact]:
        desk = self._venue.desk
        told: list[Fact] = []
        stall = desk.stall(self._contract(placed), placed.at_us, told)
        owner = desk.owner(Owner(0, placed.account, site=placed.site or ""), placed.at_us, told)
        assert owner is not None, "there were never so many accounts"
        execution = _EXECUTIONS[placed.execution.value]
        rests = execution is Execution.NON
        entered = Entered(
            placed.at_us,
            placed.order_id,
            stall.number,
            owner.number,
            Side(placed.side),
            Kind.LIMIT,
            execution,
            Validity.GFS if rests else Validity.NON,
            State.ACTIVE,
            placed.price_ticks,
            placed.quantity_steps,
            0,
            0,
            0,
            placed.client_order_id or "",
            "",
            Action.ADDED,
            0,
        )
        facts = done_again(desk, entered)
        trades = [
            (fact.trade_id, fact.maker_id, fact.price_ticks, fact.quantity_steps)
            for fact in facts
            if isinstance(fact, Traded)
        ]
        before = [
            (trade.trade_id, trade.maker_id, trade.price_ticks, trade.quantity_steps)
            for trade in placed.trades
        ]
        _same(trades == before, placed, facts)
        ending = next((fact.ending for fact in facts if isinstance(fact, Ended)), None)
        was = None if placed.ending is None else Ending(placed.ending.value)
        _same(ending is (None if was is Ending.FILLED else was), placed, facts)
        return told + facts

    def _contract(self, placed: Placed) -> Contract:
        """Return the catalogue's contract if it is still what it was, else what the record says."""
        found = self._lookup(placed.market, placed.start_us, _end_us(placed))
        if found is not None:
            now = found.closes_us, found.rule.step_kw, found.wh_per_step
            if now == (placed.closes_us, placed.step_kw, placed.wh_per_step):
                return found
        return _contract(placed)

    def _turned(self, turned: Turned) -> list[Fact]:
        desk = self._venue.desk
        told: list[Fact] = []
        owner = desk.owner(Owner(0, turned.account), turned.at_us, told)
        assert owner is not None, "there were never so many accounts"
        refused = Refused(
            turned.at_us,
            owner.number,
            0,
            0,
            turned.client_order_id or "",
            turned.code,
            turned.text,
            Action.REFUSED,
            0,
        )
        return told + done_again(desk, refused)

    def _stall_at(self, market: str, start_us: int) -> Stall:
        for stall in self._venue.desk.numbers.values():
            if (stall.market, stall.listed.start_us) == (market, start_us):
                return stall
        raise KeyError(market, start_us)


def _end_us(placed: Placed) -> int:
    """Return the end of delivery, which the old records tell by energy over power."""
    return placed.start_us + placed.wh_per_step * _HOUR_US // (placed.step_kw * 1_000)


def _contract(placed: Placed) -> Contract:
    """Return a contract that no catalogue knows any more, as far as the old record tells it."""
    return Contract(
        market=placed.market,
        start_us=placed.start_us,
        end_us=_end_us(placed),
        opens_us=0,
        closes_us=placed.closes_us,
        rule=Rule(
            valid_from=clock.utc(placed.start_us).date(),
            opens_ahead_s=0,
            close_lead_s=0,
            step_kw=placed.step_kw,
            quantity_kw_max=0,
            price_ticks_min=0,
            price_ticks_max=0,
            protection_ticks=0,
        ),
    )


def _same(is_same: bool, record: Record, facts: Sequence[Fact]) -> None:
    if not is_same:
        raise ReplayDiffers(f"{record!r} then, {facts!r} now")
