"""bench/__main__.py: the list, the table, and one JSON object as the last line."""

import json
import sys
from types import ModuleType

import pytest

from bench import __main__ as bench
from bench.options import Figures, Options

_MACHINE = {"name", "loadavg", "cpu_count", "python", "seconds"}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark that measures nothing but was told its options."""

    def run(options: Options) -> Figures:
        return {"quick": options.quick, "seed": options.seed, "rate": 12_345.5, "rss_mb": None}

    module = ModuleType("tests_tiny_benchmark")
    module.__dict__["run"] = run
    monkeypatch.setitem(sys.modules, "tests_tiny_benchmark", module)
    monkeypatch.setitem(bench.BENCHMARKS, "tiny", ("tests_tiny_benchmark:run", "nothing"))


def test_without_a_name_every_benchmark_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main([]) == 0
    listed = capsys.readouterr().out
    assert all(f"{name} " in listed for name in [*bench.BENCHMARKS, "all"])


def test_an_unknown_name_costs_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench.main(["sprint"]) == 2
    allowed = ", ".join([*bench.BENCHMARKS, "all"])
    assert capsys.readouterr().err.splitlines() == [
        f"bench: 'sprint' is not allowed; one of {allowed} is"
    ]


@pytest.mark.usefixtures("tiny")
def test_the_last_line_is_one_json_object_with_the_machine_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench.main(["tiny", "--quick", "--seed", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    figures = json.loads(lines[-1])
    assert figures.keys() >= _MACHINE
    assert figures["name"] == "tiny"
    assert (figures["quick"], figures["seed"], figures["rate"]) == (True, 7, 12_345.5)


@pytest.mark.usefixtures("tiny")
def test_the_table_says_what_was_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["tiny"])
    table = capsys.readouterr().out.splitlines()[:-1]
    assert "rss_mb                    not measured" in table
    assert "rate                      12,345.500" in table
