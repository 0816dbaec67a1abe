"""The auctions of this hub: orders until the gate, then one result, published when it is safe.

A session goes OPEN → SEALED → SOLVED → PUBLISHED in the database, each step in a transaction. The
result is kept before it goes to the exchange's journal, and shown only afterwards; the journal
takes each session once. So whatever is killed when, there is one result, and it counts once.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.auction import calendar, content, store
from cloud.exchange.auction.admission import Admission
from cloud.exchange.auction.calendar import Session, Stage
from cloud.exchange.auction.orders import Submission, mistakes
from cloud.exchange.auction.outcome import Outcome, auction
from cloud.exchange.auction.store import Kept, State
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import Exchange, accepted
from cloud.exchange.venue.commands import Allot
from cloud.fleet.model import Site
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.errors import Invalid, NotFound, Unavailable
from cloud.kernel.instants import iso

SOLVER_S = 60.0
"""For the best blocks of one auction; then the best that was found stands, and its gap is told."""
MEMBERS_MAX = 5_000
"""Submissions in one session."""
_NAP_S_MAX = 2.0
_RETRY_S = 10.0

_logger = logging.getLogger(__name__)


class Shown(NamedTuple):
    """An auction in a list."""

    session: Session
    stage: Stage
    published_us: int | None
    ordered: int
    """Submissions of the account that asks."""


class Auctions:
    """`Hub.service(Auctions)` for routes; `run` holds the auctions."""

    def __init__(self, hub: Hub, exchange: Exchange) -> None:
        self._hub = hub
        self._exchange = exchange
        self._stopping = False
        self._one_at_a_time = asyncio.Lock()
        self._sealing = asyncio.Lock()
        """Held until what is kept and what is counted are the same again."""
        self._admission = Admission(exchange.desk, exchange.checks, exchange.owner)
        self._sealed = self._admission.sealed
        self._halted: set[Session] = set()
        """Past their gate, and waiting for a halt to end; each is logged once."""
        self.auctions = calendar.load()

    async def open(self) -> None:
        """Count what is sealed since before this start; nothing is taken by anybody until then."""
        async with self._hub.database.reading() as connection:
            for session in await self._unfinished(connection):
                code, day = session.code, session.day.toordinal()
                for _, one in await store.submissions(connection, code, day):
                    self._sealed.take(session, one)

    def session(self, code: str, day: date) -> Session:
        """Return the auction of a delivery day.

        Raises:
            NotFound: there is none.
        """
        held = self.auctions.get(code)
        session = None if held is None or not 2000 <= day.year < 2200 else held.session(day)
        if session is None:
            raise NotFound(f"auction {code} of {day} is not known")
        return session

    async def listed(self, account: str, days: int = 0) -> list[Shown]:
        """Return the auctions that take orders, then those of so many delivery days back."""
        now_us = self._hub.clock.now_us()
        found = [one for held in self.auctions.values() for one in held.sessions(now_us)]
        found += [one for held in self.auctions.values() for one in held.past(now_us, days) if days]
        since = min((one.day.toordinal() for one in found), default=0)
        async with self._hub.database.reading() as connection:
            published = await store.published(connection, since)
            ordered = await store.ordered(connection, account, since)
        shown = []
        for one in found:
            key = one.code, one.day.toordinal()
            stage = Stage.PUBLISHED if key in published else one.stage(now_us)
            shown.append(Shown(one, stage, published.get(key), ordered.get(key, 0)))
        return shown

    async def submit(self, principal: Principal, session: Session, one: Submission) -> int:
        """Keep what a member orders, in place of what it ordered before; return when.

        Raises:
            OrderRefused: NO_SITE, AUCTION_CLOSED, AUCTION_FULL, or as `Admission.refusal` says.
            Invalid: its form is wrong; the text has a line for each mistake.
        """
        if lines := mistakes(one, session.terms):
            raise Invalid("\n".join(lines))
        if one.site:
            _check_site(one, await self._exchange.batteries.sites_of(one.account))
            await self._exchange.batteries.look_at(one.site)
        day = session.day.toordinal()
        async with self._sealing:
            with ExitStack() as undone:
                async with self._hub.database.transaction() as connection:
                    kept = await store.locked(connection, session.code, day)
                    at_us = await self._open(kept, session)
                    others = await store.count(connection, session.code, day)
                    if others >= MEMBERS_MAX:
                        text = f"{MEMBERS_MAX} have ordered; no more may"
                        raise OrderRefused("AUCTION_FULL", text)
                    if refusal := self._admission.refusal(session, one, at_us):
                        raise OrderRefused(refusal.code, refusal.text)
                    claim = self._sealed.claim(session, one)
                    undone.callback(claim.release)
                    await store.put(connection, session.code, day, one, at_us, principal.key_id)
                undone.pop_all()
            self._sealed.keep(session, one, claim)
        return at_us

    async def take_back(self, principal: Principal, session: Session, site: str) -> None:
        """Forget what a member ordered.

        Raises:
            NotFound: nothing.
            OrderRefused: AUCTION_CLOSED.
        """
        day, account = session.day.toordinal(), principal.account
        async with self._sealing:
            async with self._hub.database.transaction() as connection:
                await self._open(await store.locked(connection, session.code, day), session)
                if not await store.take_back(connection, session.code, day, account, site):
                    raise NotFound("nothing was ordered in this auction")
            self._sealed.drop(session, account, site)

    async def own(self, account: str, session: Session) -> Sequence[tuple[int, Submission]]:
        """Return what an account ordered, and when."""
        async with self._hub.database.reading() as connection:
            return await store.submissions(
                connection, session.code, session.day.toordinal(), account
            )

    async def result(self, session: Session) -> tuple[Stage, Kept | None, Outcome | None]:
        """Return the stage of a session, and its outcome once it is published."""
        async with self._hub.database.reading() as connection:
            kept = await store.kept(connection, session.code, session.day.toordinal())
        if kept is not None and kept.state is State.PUBLISHED:
            return Stage.PUBLISHED, kept, content.load_outcome(kept.result)
        return session.stage(self._hub.clock.now_us()), kept, None

    async def sealed(self, session: Session) -> list[Submission]:
        """Return all that was ordered in a published session, for its curves without names."""
        async with self._hub.database.reading() as connection:
            found = await store.submissions(connection, session.code, session.day.toordinal())
        return [submission for _, submission in found]

    async def run(self) -> None:
        """Hold each auction at its gate until cancelled."""
        try:
            while not self._hub.bus.closed:
                try:
                    await self.settle_due()
                except (OrderRefused, Unavailable) as error:
                    _logger.warning("an auction waits: %s", error)
                    await asyncio.sleep(_RETRY_S)
                await asyncio.sleep(_NAP_S_MAX)
        finally:
            self._stopping = True

    async def settle_due(self) -> None:
        """Work out and publish each session whose gate has closed."""
        async with self._one_at_a_time:
            async with self._hub.database.reading() as connection:
                found = await self._unfinished(connection)
            for session in found:
                if self._hub.clock.now_us() >= session.gate_us:
                    await self._settle(session)

    async def _unfinished(self, connection: AsyncConnection) -> list[Session]:
        """Return the sessions that are not published; without those of auctions held no more."""
        found = await store.unfinished(connection)
        return [
            self.session(code, date.fromordinal(day))
            for code, day in found
            if code in self.auctions
        ]

    async def _settle(self, session: Session) -> None:
        code, day = session.code, session.day.toordinal()
        if self._waits(session):
            return
        async with self._sealing, self._hub.database.transaction() as connection:
            kept = await store.locked(connection, code, day)
            if kept.state is State.OPEN:
                await store.move(connection, code, day, State.SEALED)
            found = [one for _, one in await store.submissions(connection, code, day)]
        if kept.state in (State.OPEN, State.SEALED):
            for site in {one.site for one in found if one.site}:
                await self._exchange.batteries.look_at(site)
            allowed, left_out = self._admission.at_gate(session, found)
            outcome = replace(await self._solve(session, allowed), left_out=left_out)
            result = content.dump_outcome(outcome)
            async with self._hub.database.transaction() as connection:
                await store.move(connection, code, day, State.SOLVED, result=result)
        else:
            result = kept.result
        await self._publish(session, content.load_outcome(result))

    def _waits(self, session: Session) -> bool:
        """Say whether a halt keeps the result back; until delivery begins, and then no longer."""
        halted = self._admission.of_session(session)
        if halted is None or self._hub.clock.now_us() >= session.start_us:
            self._halted.discard(session)
            return False
        if session not in self._halted:
            self._halted.add(session)
            _logger.warning("auction %s of %s waits: %s", session.code, session.day, halted.text)
        return True

    async def _solve(self, session: Session, found: Sequence[Submission]) -> Outcome:
        loop = asyncio.get_running_loop()
        began_s = loop.time()

        def left_s() -> float:
            return 0.0 if self._stopping else began_s + SOLVER_S - loop.time()

        outcome = await asyncio.to_thread(auction, found, session.terms, left_s)
        _logger.info(
            "auction %s of %s: %d submissions, %d rounds, %.1f s, gap %.6f",
            session.code,
            session.day,
            len(found),
            outcome.rounds,
            loop.time() - began_s,
            outcome.gap,
        )
        return outcome

    async def _publish(self, session: Session, outcome: Outcome) -> None:
        awards = tuple(
            (self._exchange.owner(award.account, award.site, "", "", ""), award.steps)
            for award in outcome.awards
            if any(award.steps)
        )
        command = Allot(
            auction=session.code,
            area=session.area,
            day=session.day.toordinal(),
            start_us=session.start_us,
            period_us=session.period_us,
            step_kw=session.step_kw,
            price_ticks=tuple(ticks or 0 for ticks in outcome.prices),
            awards=awards,
        )
        (answer,) = await self._exchange.ask(command)
        accepted(answer)
        self._sealed.settled(session)
        await self._exchange.caught_up()  # who sees the result sees his positions
        now_us = self._hub.clock.now_us()
        day = session.day.toordinal()
        async with self._hub.database.transaction() as connection:
            await store.move(connection, session.code, day, State.PUBLISHED, published_us=now_us)

    async def _open(self, kept: Kept, session: Session) -> int:
        """Return the time, if orders are taken now."""
        now_us = self._hub.clock.now_us()
        if kept.state is not State.OPEN or session.stage(now_us) is not Stage.OPEN:
            raise OrderRefused(
                "AUCTION_CLOSED",
                f"auction {session.code} of {session.day} takes orders from"
                f" {iso(session.opens_us)} until {iso(session.gate_us)}",
            )
        return now_us


def _check_site(one: Submission, sites: Sequence[Site]) -> None:
    """Refuse what is for a site of somebody else."""
    if all(site.id != one.site for site in sites):
        allowed = ", ".join(sorted(site.id for site in sites)) or "none"
        raise OrderRefused("NO_SITE", f"site: {one.site!r} is not allowed; one of {allowed} is")
