"""The Nordic log file of operation: names, columns and form of the FCR data exchange.

ASCII, comma separated, decimal point, CRLF; MW, below 0 is absorbed. Source: technical
requirements for FCR in the Nordic synchronous area, annex on data; what it leaves open, such as
the date at the end of the name, is optional here. ``CET`` has no summer time here, so that no hour
comes twice. What the archive does not know of one product apart is an empty cell.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.archive.text import MINUTE_S, SECOND_US, ZONES, fixed, stamps
from agent.archive.timeline import Timeline, Told
from agent.archive.trace import capacities_kw

SERVICES = {"fcr_n": "Fcrn", "fcr_d_up": "FcrdUp", "fcr_d_down": "FcrdDo"}
FULL_HZ = {"fcr_n": 0.1, "fcr_d_up": 0.4, "fcr_d_down": 0.4}
"""The change of frequency that activates a product fully: 49.9 to 49.5 Hz for FCR-D."""
AREAS = ("SE1", "SE2", "SE3", "SE4", "FI", "DK2", "NO1", "NO2", "NO3", "NO4", "NO5")
READ = (
    *("p_meas_kw", "f_hz", "f_applied_hz", "p_base_kw", "p_min_kw", "p_max_kw", "p_resp_kw"),
    *("endurance_min", "p_nem_kw", "nem", "aem", "soc_pct"),
)
_ENDS = tuple(f"{second:02d}.000" for second in range(MINUTE_S))
_WORD = re.compile(r"[A-Za-z0-9-]{1,40}")


class BadName(ValueError):
    """A file name cannot be made of it; the text is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a file is about."""

    resource: str
    area: str
    product: str = "fcr_n"
    zone: str = "CET"
    test: str = "Operation"
    date: str = ""
    """Last part of the name, as the grid operator wants it; empty: none."""

    def check(self) -> None:
        """Raise BadName for what cannot be in a name."""
        for key, value, allowed in (
            ("product", self.product, tuple(SERVICES)),
            ("area", self.area, AREAS),
            ("timezone", self.zone, tuple(ZONES)),
        ):
            if value not in allowed:
                one_of = ", ".join(allowed)
                raise BadName(f"{key}: {value!r} is not allowed; one of {one_of} is expected")
        for key, value in (("resource", self.resource), ("date", self.date or "x")):
            if not _WORD.fullmatch(value):
                letters = "1 to 40 letters, digits and hyphens are expected"
                raise BadName(f"{key}: {value!r} is not allowed; {letters}")

    def name(self, from_us: int, to_us: int) -> str:
        """Return the name of the file with ``[from_us, to_us)``."""
        interval = "-".join(f"{_at(at_us, self.zone):%Y%m%dT%H%M}" for at_us in (from_us, to_us))
        parts = (self.resource, SERVICES[self.product], self.test, self.area, self.zone)
        last = (self.date,) if self.date else ()
        return "_".join((*parts, interval, "1000ms", *last)) + ".csv"


def header() -> tuple[str, ...]:
    """Return the columns; those of each product are there whether it is sold or not."""
    services = tuple(SERVICES.values())
    each = (f"{what}_{one}" for what in ("ContStatus", "Cap", "RegStr") for one in services)
    per = (f"{what}_{one}" for what in ("Activated", "ResSize") for one in services)
    last = ("NEM_MW_Fcrn", "NEM_Fcrn", "AEM_Fcrn", "SOC")
    first = ("DateTime", "InsAcPow", "GridFreq", "ApplFreqSig", "CalcBaseline")
    return (*first, *each, "Pmin", "Pmax", "ContOutSig", "ContSetP", *per, *last)


def lines(timeline: Timeline, file: File) -> Iterator[str]:
    """Yield the file in pieces of text, the header first."""
    yield ",".join(header()) + "\r\n"
    for told in timeline:
        cells = _minute(told, file.zone)
        yield "".join([",".join(row) + "\r\n" for row in zip(*cells, strict=True)])


def _minute(told: Told, zone: str) -> list[Sequence[str]]:
    columns = told.rows.columns

    def minute(at_us: int) -> str:
        return f"{_at(at_us, zone):%Y%m%dT%H%M}"

    def mw(name: str) -> Sequence[str]:
        return fixed(columns[name], 5, 1e-3)

    cells = [
        stamps(told.rows.at_us, minute, _ENDS),
        mw("p_meas_kw"),
        fixed(columns["f_hz"], 4),
        fixed(columns["f_applied_hz"], 4),
        mw("p_base_kw"),
    ]
    known = {id(trace): capacities_kw(trace) for trace in told.traces}
    sold = [known[id(trace)] for trace in told.traces]
    cells += _per_product(sold)
    cells += [mw("p_min_kw"), mw("p_max_kw"), mw("p_resp_kw"), mw("p_base_kw")]
    alone = [next(iter(one)) if len(one) == 1 else "" for one in sold]
    for values in (mw("p_resp_kw"), fixed(columns["endurance_min"], 1)):
        cells += [
            [value if only == product else "" for value, only in zip(values, alone, strict=True)]
            for product in SERVICES
        ]
    cells += [mw("p_nem_kw"), _on(columns["nem"]), _on(columns["aem"])]
    cells.append(fixed(columns["soc_pct"], 2))
    return cells


def _per_product(sold: Sequence[dict[str, float]]) -> list[list[str]]:
    status = [["1" if product in one else "0" for one in sold] for product in SERVICES]
    caps = [[_cap(one, product, 1e-3) for one in sold] for product in SERVICES]
    slopes = [[_cap(one, product, 1e-3 / FULL_HZ[product]) for one in sold] for product in SERVICES]
    return [*status, *caps, *slopes]


def _cap(sold: dict[str, float], product: str, scale: float) -> str:
    return f"{sold[product] * scale:.4f}" if product in sold else ""


def _on(values: Sequence[float | None]) -> list[str]:
    return ["" if value is None else "1" if value else "0" for value in values]


def _at(at_us: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at_us // SECOND_US, ZONES[zone])
