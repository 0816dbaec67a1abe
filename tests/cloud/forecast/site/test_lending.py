"""A new site borrows the shape of another one of its account, at its own level."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from cloud.fleet import service as fleet
from cloud.forecast.site import lending, reading
from cloud.forecast.site.answer import document
from cloud.forecast.site.grid import QUARTER_US, SLOTS
from cloud.forecast.site.rounds import Rounds
from cloud.forecast.site.task import Task
from cloud.kernel.context import Hub
from tests.support.hub import NOON_US, add_site
from tests.support.site_days import fill, made

US = int(datetime(2026, 9, 16, 12, tzinfo=UTC).timestamp()) * 1_000_000


def young(slots: int, share: float = 0.5) -> Task:
    """Return a site that is measured since `slots` quarter-hours and draws so much of another."""
    task = made(US)
    known = (US - task.start_us) // QUARTER_US
    load = np.full(len(task.load), np.nan)
    load[known - slots : known] = share * task.load[known - slots : known]
    return replace(task, load=load, lent=task.load, pv=task.pv[:0])


def test_a_site_of_a_day_has_the_shape_of_the_other_at_its_own_level() -> None:
    task = young(SLOTS + 20)
    told = json.loads(document(task))
    assert told["quality"]["load"] == "template"
    assert {"lent_load", "no_load_quantiles"} <= set(told["flags"])
    known = (US - task.start_us) // QUARTER_US
    came = 0.5 * task.lent[known : known + 192]
    points = np.array([row["load_kw"] for row in told["series"]])
    alone = json.loads(document(replace(task, lent=task.lent[:0])))
    assert (alone["quality"]["load"], "lent_load" in alone["flags"]) == (None, False)
    assert np.abs(points - came).mean() < 1.0


def test_two_hours_are_enough_and_fewer_tell_nothing() -> None:
    assert json.loads(document(young(8)))["quality"]["load"] == "template"
    assert json.loads(document(young(7)))["quality"]["load"] is None


def test_what_the_other_draws_later_changes_nothing() -> None:
    task = young(SLOTS)
    known = (US - task.start_us) // QUARTER_US
    later = task.lent.copy()
    later[known:] = 1e5
    assert document(replace(task, lent=later)) == document(task)


def test_a_site_that_knows_a_week_borrows_nothing() -> None:
    told = json.loads(document(young(9 * SLOTS)))
    assert told["quality"]["load"] == "similar_day"
    assert "lent_load" not in told["flags"]


async def test_nothing_is_lent_to_another_account(hub: Hub) -> None:
    for site, account in (("alt", "stadtwerk"), ("neu", "stadtwerk"), ("fremd", "netz")):
        await add_site(hub, site, account)
    old = replace(made(NOON_US, 20), site="alt")
    await fill(hub, old, "load.power_kw", old.load)
    for site in ("neu", "fremd"):
        new = replace(made(NOON_US, 1), site=site)
        await fill(hub, new, "load.power_kw", new.load)
    async with hub.database.reading() as connection:
        sites = await fleet.sites(connection)
    lent = {}
    for site in ("alt", "neu", "fremd"):
        task = await reading.task(hub.database, site, "AT", NOON_US)
        lent[site] = await lending.lent(hub.database, task, sites, {"alt", "neu"}, NOON_US)
        assert len(await lending.lent(hub.database, task, sites, (), NOON_US)) == 0
    assert {site: len(found) > 0 for site, found in lent.items()} == {
        "alt": False,
        "neu": True,
        "fremd": False,
    }
    rounds = Rounds(hub)
    try:
        while await rounds.next():
            continue
    finally:
        await rounds.process.close()
