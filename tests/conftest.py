"""What holds for every test: virtual time, the groups that may be left out, and an honest ending.

A skipped test is named with its reason in the closing lines; with ``PHOENYRA_REQUIRE_ALL=1`` it is
a failure. ``--quick`` leaves out what is marked slow. Tests marked shared are left out where the
folder beside the repository is missing, since no clone can bring it.

Several workers (``./run test``) get a file each, long ones first; the browser's files stay with
one worker, for they share a world that takes a while to make, and so do those of the house, which
share a reading of all our files. See also `tests.support.turns`.
"""

import asyncio
import atexit
import gc
import os
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.turns import turn
from tests.support.virtual import VirtualTimeLoop

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
_REQUIRE_ALL = "PHOENYRA_REQUIRE_ALL"
_GROUPS = ("browser", "postgres", "shared", "slow")
_TOGETHER = ("tests/browser/", "tests/house/")
_FIRST = ("alone", "browser", "slow")

LoopFactories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]
_left_out = pytest.StashKey[dict[str, str]]()


settings.register_profile(
    "house",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
"""No deadline, no limit for drawing: tests do not time, and the machine may be busy."""
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out the tests marked slow")


def pytest_configure(config: pytest.Config) -> None:
    atexit.register(gc.freeze)  # all is told by then; to look for garbage takes seconds once more
    reasons = {}
    if config.getoption("quick"):
        reasons["slow"] = "--quick was asked for"
    if not SHARED.is_dir():
        reasons["shared"] = "there is no ../shared beside the repository"
    config.stash[_left_out] = reasons


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> LoopFactories:
    if item.get_closest_marker("virtual_time") is not None:
        return {"virtual": VirtualTimeLoop}
    return {"real": asyncio.new_event_loop}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import everything with the collector at rest: hardly any of it is garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def left_out(item: pytest.Item) -> bool:
        return any(item.get_closest_marker(group) for group in config.stash[_left_out])

    out = [item for item in items if left_out(item)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if not left_out(item)]
    if _is_worker(config):
        _put_long_files_first(items)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _put_long_files_first(items: list[pytest.Item]) -> None:
    """Keep the order otherwise: a long file that comes last is waited for by every other worker."""
    ranks: dict[Path, int] = {}
    for item in items:
        rank = next((n for n, mark in enumerate(_FIRST) if item.get_closest_marker(mark)), 9)
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
    items.sort(key=lambda item: ranks[item.path])


class _ByFile(LoadScopeScheduling):
    """Gives a worker a whole file at a time."""

    def _split_scope(self, nodeid: str) -> str:
        together = next((folder for folder in _TOGETHER if nodeid.startswith(folder)), None)
        return together or nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _ByFile(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Have a test wait for its turn before its time begins to count."""
    if not _is_worker(item.config):
        return (yield)
    of_all_workers = Path(item.config.getoption("basetemp")).parent
    with turn(of_all_workers, alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and _all_required() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{_REQUIRE_ALL}=1 allows no skip: {_reason(report.longrepr)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and _all_required():
        report.outcome = "failed"
        report.longrepr = f"{_REQUIRE_ALL}=1 allows no skip: {_reason(report.longrepr)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = Counter(
        f"{_group(report)}: {_reason(report.longrepr)}"
        for report in terminalreporter.getreports("skipped")
    )
    lines = [f"{count} {line}" for line, count in sorted(counts.items())]
    left_out = terminalreporter.config.stash[_left_out]
    lines += [f"all {group}: {reason}" for group, reason in left_out.items()]
    if lines:
        terminalreporter.section("not run here, and why")
        for line in lines:
            terminalreporter.write_line(line)


def _all_required() -> bool:
    return os.environ.get(_REQUIRE_ALL) == "1"


def _group(report: pytest.TestReport | pytest.CollectReport) -> str:
    return next((group for group in _GROUPS if group in report.keywords), "other")


def _reason(longrepr: object) -> str:
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ")
