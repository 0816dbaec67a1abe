"""The venue with everything beside it that is rebuilt from the journal: checks and prices.

`opened` is for the hub; `for_snapshots` makes the same for the process that writes snapshots, from
the same files.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cloud.exchange.checks.guard import Checks
from cloud.exchange.checks.sites import Sites
from cloud.exchange.prices import rules_file
from cloud.exchange.prices.beside import Beside
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.mark import DayAhead, no_day_ahead
from cloud.exchange.prices.rules import Rules, pools_of
from cloud.exchange.prices.rules_file import BadRules
from cloud.exchange.venue.venue import Venue
from cloud.market import catalogue as markets
from cloud.market.catalogue import Catalogue
from cloud.market.contracts import Contract

SNAPSHOT_VENUE = "cloud.exchange.room:for_snapshots"
_BYTES_MAX = 1_000_000


class Room:
    """One venue; made empty, and filled by `recovery.recover` with `beside`."""

    def __init__(
        self,
        catalogue: Catalogue,
        rules: Rules,
        sites: Sites | None = None,
        day_ahead: DayAhead = no_day_ahead,
    ) -> None:
        self.catalogue = catalogue
        self.checks = Checks(sites=sites)
        self.venue = Venue(self.checks, lookup=lookup_of(catalogue))
        zones = {code: market.zone for code, market in catalogue.items()}
        self.prices = MarketData(zones, rules=rules, pools=pools_of(zones), day_ahead=day_ahead)

    @property
    def beside(self) -> Beside:
        return Beside(self.venue, self.prices)


def lookup_of(catalogue: Catalogue) -> Callable[[str, int, int], Contract | None]:
    """Return what finds the contracts and blocks of a catalogue."""
    return partial(markets.find, catalogue)


def rules_of(path: Path | None) -> Rules:
    """Return how prices are made.

    Raises:
        BadRules: the file cannot be read or used.
    """
    if path is None:
        return Rules()
    try:
        text = path.read_bytes()[: _BYTES_MAX + 1].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRules(f"{path}: cannot be read: {error}") from error
    if len(text) > _BYTES_MAX:
        raise BadRules(f"{path}: is too large; {_BYTES_MAX} bytes are allowed")
    return rules_file.parse(text, str(path))


def for_snapshots(markets_file: str = "", prices_file: str = "") -> Beside:
    """Return a new venue with all beside it, as the hub with these files has it; '' is none."""
    catalogue = markets.load(Path(markets_file) if markets_file else None)
    return Room(catalogue, rules_of(Path(prices_file) if prices_file else None)).beside
