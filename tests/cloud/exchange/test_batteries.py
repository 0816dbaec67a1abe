"""cloud.exchange.batteries: what is shown of a site is of now, or not there."""

from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub
from tests.support.exchange import charge, trading
from tests.support.hub import clock_of

SHOWN = 'pho_soc_percent{site="werk-sued"} 50.0\n'
NAME = "pho_soc_percent{"


async def test_a_site_that_has_gone_silent_leaves_the_metrics_until_it_speaks_again(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        batteries = hub.service(Exchange).batteries
        limit_us = hub.settings.soc_age_s * 1_000_000
        for silent_us, shown in ((0, True), (limit_us, True), (1, False), (6 * limit_us, False)):
            clock_of(hub).at_us += silent_us
            await batteries.look()
            text = (await desk.werk.get("/metrics")).text
            assert (SHOWN in text, NAME in text) == (shown, shown), silent_us
        await charge(hub, "werk-sued")
        await batteries.look()
        assert SHOWN in (await desk.werk.get("/metrics")).text
