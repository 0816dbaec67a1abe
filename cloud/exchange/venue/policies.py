"""Policies and limits come into force between two messages, and are kept in the journal. Pure."""

from cloud.exchange.facts import Configured, Fact
from cloud.exchange.venue import halts
from cloud.exchange.venue.commands import Configure
from cloud.exchange.venue.desk import Desk


def configure(desk: Desk, command: Configure, at_us: int, facts: list[Fact]) -> None:
    """Take a policy into force, whole or not at all: the guard says why it stays with the old."""
    refusal = desk.guard.configured(command.what, command.version, command.content)
    if refusal is not None:
        halts.refuse(desk, command, refusal, at_us, facts)
        return
    facts.append(Configured(at_us, command.what, command.version, command.by, command.content))
    _done(desk, at_us)


def configured(desk: Desk, fact: Configured, _: list[Fact]) -> None:
    """Take a policy into force again."""
    refusal = desk.guard.configured(fact.what, fact.version, fact.content)
    assert refusal is None, "what was in force can be again"
    _done(desk, fact.at_us)


def _done(desk: Desk, at_us: int) -> None:
    desk.last_us = at_us
    desk.answers.done(at_us)
