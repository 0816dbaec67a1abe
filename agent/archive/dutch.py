"""What the Dutch grid operator is told of each second: power and baseline in MW.

TenneT asks for the power of a unit and its baseline with at least three decimals in the same
resolution, complete before 09:00 of the next day; this is the content, the way is a web service
or IEC 60870-5-104. + = injection. The baseline includes the charge management, as the FCR manual
wants it. No extra smoothing, and nothing is filled in.
"""

from collections.abc import Iterator

from agent.archive.text import ISO_ENDS, Numbers, fixed, iso_minute, stamps
from agent.archive.timeline import Timeline

HEADER = ("utc", "p_mw", "baseline_mw", "f_hz", "soc_pct", "rule_version", "config_hash")
READ = ("p_meas_kw", "p_base_kw", "p_nem_kw", "f_hz", "soc_pct")
_DECIMALS_MW = 5


def lines(timeline: Timeline) -> Iterator[str]:
    """Yield the file in pieces of text, the header first."""
    yield ",".join(HEADER) + "\r\n"
    for told in timeline:
        columns = told.rows.columns
        cells = zip(
            stamps(told.rows.at_us, iso_minute, ISO_ENDS),
            fixed(columns["p_meas_kw"], _DECIMALS_MW, 1e-3),
            fixed(_baseline_kw(columns["p_base_kw"], columns["p_nem_kw"]), _DECIMALS_MW, 1e-3),
            fixed(columns["f_hz"], 4),
            fixed(columns["soc_pct"], 2),
            [trace.rules if trace is not None else "" for trace in told.traces],
            [trace.config if trace is not None else "" for trace in told.traces],
            strict=True,
        )
        yield "".join([",".join(row) + "\r\n" for row in cells])


def _baseline_kw(base: Numbers, management: Numbers) -> Numbers:
    """Return base and management together; a site without products has none of the latter."""
    return [
        None if kw is None else kw + (more_kw or 0.0)
        for kw, more_kw in zip(base, management, strict=True)
    ]
