"""The whole archive as a table: every column, its quality, and the words in force (1 s archive).

For the German 1 s archive and for people. UTF-8, comma separated, decimal point, a row a second;
an empty cell is a value that was not known, and ``…_quality`` says why: 0 good, 1 old, 2 bad,
3 lost. ``reasons`` are codes; the traces say who and how much. Every row carries the run of
control, the rule sets and the fingerprint of the settings it was made under.
"""

from collections.abc import Iterator, Sequence

from agent.archive import columns
from agent.archive.columns import COLUMNS
from agent.archive.text import ISO_ENDS, fixed, iso_minute, stamps
from agent.archive.timeline import Timeline, Told
from agent.archive.trace import Trace

NAMES = tuple(column.name for column in COLUMNS if column.name != "reason_bits")
JUDGED = ("f_hz", "p_meas_kw", "soc_pct", "v_v")
"""Columns whose quality is a column of its own."""
WORDS = ("mode", "products", "f_src", "rule_version", "config_hash")
HEADER = ("utc", "boot_id", *NAMES, *(f"{name}_quality" for name in JUDGED), "reasons", *WORDS)
READ = (*NAMES, "reason_bits")
_DECIMALS = {column.name: column.decimals for column in COLUMNS}


def lines(timeline: Timeline) -> Iterator[str]:
    """Yield the file in pieces of text, the header first."""
    yield ",".join(HEADER) + "\r\n"
    for told in timeline:
        yield _minute(told)


def _minute(told: Told) -> str:
    rows = told.rows
    cells: list[Sequence[str]] = [
        stamps(rows.at_us, iso_minute, ISO_ENDS),
        (rows.boot,) * len(rows),
    ]
    cells += [fixed(rows.columns[name], _DECIMALS[name]) for name in NAMES]
    cells += [_codes(rows.quality[name]) for name in JUDGED]
    cells.append(_reasons(rows.columns["reason_bits"]))
    cells += _words(told.traces)
    return "".join([",".join(row) + "\r\n" for row in zip(*cells, strict=True)])


def _codes(codes: Sequence[int]) -> Sequence[str]:
    if codes[0] == codes[-1] and len(set(codes)) == 1:
        return (str(int(codes[0])),) * len(codes)
    return [str(int(code)) for code in codes]


def _reasons(bits: Sequence[float | None]) -> Sequence[str]:
    known = {one: " ".join(columns.reasons(one)) for one in set(bits)}
    return [known[one] for one in bits]


def _words(traces: Sequence[Trace | None]) -> list[Sequence[str]]:
    if traces[0] is traces[-1] and all(trace is traces[0] for trace in traces):
        return [(word,) * len(traces) for word in _of(traces[0])]
    return [list(column) for column in zip(*(_of(trace) for trace in traces), strict=True)]


def _of(trace: Trace | None) -> tuple[str, ...]:
    if trace is None:
        return ("",) * len(WORDS)
    words = (trace.mode, trace.products, trace.frequency, trace.rules, trace.config)
    return tuple(quoted(word) for word in words)


def quoted(word: str) -> str:
    """Return a cell as CSV writes it; none begins a formula in a spreadsheet."""
    if word[:1] in ("=", "+", "-", "@"):
        word = "'" + word
    if any(letter in word for letter in ',"\r\n'):
        doubled = word.replace('"', '""')
        return f'"{doubled}"'
    return word
