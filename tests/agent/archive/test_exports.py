"""The archive's tables: what a grid operator finds in them, column by column."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from agent.archive import dutch, nordic, table
from agent.archive.export import Wanted, content
from agent.archive.nordic import BadName, File
from agent.archive.text import fixed, instant_us
from agent.archive.timeline import Timeline
from agent.status import Reason
from tests.support.archives import SECOND_US, items, reader, row, store, trace
from tests.support.virtual import EPOCH_US

FILE = File(resource="werk-sued", area="SE3", product="fcr_n", zone="CET")
DAY_US = 86_400 * SECOND_US
SECONDS = 150
MISSING = (70, 71)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive of some minutes with two seconds missing, and one frequency that was lost."""
    rows = [
        row(
            second,
            {
                "beat_ms": 30.0,
                "f_hz": None if second == 100 else 50.0 - second / 1e4,
                "f_applied_hz": 50.0 - second / 1e4,
                "p_meas_kw": 100.0 + second,
                "p_base_kw": -20.0,
                "p_set_kw": 99.0,
                "p_resp_kw": 119.0,
                "p_nem_kw": -0.0001,
                "nem": 1.0,
                "aem": 0.0,
                "p_min_kw": -800.0,
                "p_max_kw": 1_000.0,
                "soc_pct": 51.25,
                "endurance_min": 33.3,
                "reason_bits": 1.0,
            },
        )
        for second in range(SECONDS)
        if second not in MISSING
    ]
    told = [
        trace(0.03, Reason("I1", "limit", 99.0, "bms", 0)),
        trace(61.03, mode="safe", config='c1,"x"'),
    ]
    with store(tmp_path) as archive:
        archive.keep("b", items([*rows, *told]))
    return tmp_path


def text(folder: Path, kind: str, file: File = FILE) -> str:
    wanted = Wanted(kind, EPOCH_US, EPOCH_US + SECONDS * SECOND_US, file)
    with reader(folder) as archived:
        return "".join(content(archived, wanted)[0])


def cells(found: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found, newline="")))


def test_the_archive_has_every_second_with_its_rules_settings_and_reasons(folder: Path) -> None:
    found = cells(text(folder, "archive"))
    assert tuple(found[0]) == table.HEADER
    assert len(found) == SECONDS - len(MISSING)
    assert found[0]["utc"] == "2026-01-01T00:00:00Z"
    assert found[-1]["utc"] == "2026-01-01T00:02:29Z"
    assert (found[5]["f_hz"], found[5]["p_meas_kw"], found[5]["boot_id"]) == (
        "49.9995",
        "105.000",
        "b",
    )
    assert found[5]["reasons"] == "I1"
    assert {one["rule_version"] for one in found} == {"fcr-ce 2026-01"}
    assert [one["mode"] for one in found] == ["automatic"] * 61 + ["safe"] * 87
    assert found[61]["config_hash"] == 'c1,"x"'


def test_a_lost_value_is_an_empty_cell_with_its_quality_and_never_zero(folder: Path) -> None:
    (lost,) = [one for one in cells(text(folder, "archive")) if one["utc"].endswith("00:01:40Z")]
    assert (lost["f_hz"], lost["f_hz_quality"]) == ("", "3")
    assert (lost["p_meas_kw"], lost["p_meas_kw_quality"]) == ("200.000", "0")
    assert (lost["p_site_kw"], lost["v_v"]) == ("", "")


def test_missing_seconds_are_counted_and_not_filled_in(folder: Path) -> None:
    with reader(folder) as archived:
        timeline = Timeline(archived, EPOCH_US, EPOCH_US + SECONDS * SECOND_US, ["f_hz"])
        assert sum(len(told.rows) for told in timeline) == SECONDS - len(MISSING)
        assert timeline.missing == len(MISSING)


def test_a_nordic_file_has_the_names_signs_and_form_of_the_data_exchange(folder: Path) -> None:
    found = text(folder, "nordic")
    assert found.isascii()
    assert found.count("\r\n") == found.count("\n") == SECONDS - len(MISSING) + 1
    first = cells(found)[0]
    assert tuple(first) == nordic.header()
    assert first["DateTime"] == "20260101T010000.000"
    assert first["InsAcPow"] == "0.10000"
    assert (first["GridFreq"], first["CalcBaseline"]) == ("50.0000", "-0.02000")
    assert (first["Pmin"], first["Pmax"], first["SOC"]) == ("-0.80000", "1.00000", "51.25")
    assert (first["NEM_MW_Fcrn"], first["NEM_Fcrn"], first["AEM_Fcrn"]) == ("0.00000", "1", "0")


def test_nordic_capacity_strength_and_activation_belong_to_the_product_that_is_armed(
    tmp_path: Path,
) -> None:
    with store(tmp_path) as archive:
        values = {"beat_ms": 20.0, "p_resp_kw": 40.0, "endurance_min": 30.0}
        armed = replace(trace(0), products="fcr_n=500")
        both = replace(trace(1), products="fcr_n=500+fcr_d_up=200")
        archive.keep("b", items([armed, both, row(0, values), row(1, values)]))
    alone, together = cells(text(tmp_path, "nordic"))
    assert (alone["ContStatus_Fcrn"], alone["ContStatus_FcrdUp"]) == ("1", "0")
    assert (alone["Cap_Fcrn"], alone["RegStr_Fcrn"], alone["Cap_FcrdUp"]) == (
        "0.5000",
        "5.0000",
        "",
    )
    assert (alone["Activated_Fcrn"], alone["ResSize_Fcrn"]) == ("0.04000", "30.0")
    assert (together["ContStatus_FcrdUp"], together["RegStr_FcrdUp"]) == ("1", "0.5000")
    assert (together["Activated_Fcrn"], together["Activated_FcrdUp"]) == ("", "")


def test_a_nordic_file_is_named_by_resource_service_area_zone_and_interval() -> None:
    name = FILE.name(EPOCH_US, EPOCH_US + DAY_US)
    assert name == ("werk-sued_Fcrn_Operation_SE3_CET_20260101T0100-20260102T0100_1000ms.csv")
    dated = File(resource="r1", area="FI", product="fcr_d_up", zone="UTC", date="20260103")
    assert dated.name(EPOCH_US, EPOCH_US + DAY_US) == (
        "r1_FcrdUp_Operation_FI_UTC_20260101T0000-20260102T0000_1000ms_20260103.csv"
    )


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (File(resource="a/b", area="SE3"), "resource: 'a/b' is not allowed"),
        (File(resource="a", area="DE"), "area: 'DE' is not allowed; one of SE1"),
        (File(resource="a", area="FI", product="fcr_ce"), "product: 'fcr_ce' is not allowed"),
        (File(resource="a", area="FI", zone="CEST"), "timezone: 'CEST' is not allowed"),
    ],
)
def test_what_cannot_be_in_a_nordic_name_costs_one_line(file: File, line: str) -> None:
    with pytest.raises(BadName) as error:
        file.check()
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


def test_the_dutch_table_has_power_and_baseline_in_mw(folder: Path) -> None:
    found = cells(text(folder, "dutch"))
    assert tuple(found[0]) == dutch.HEADER
    assert (found[3]["p_mw"], found[3]["baseline_mw"]) == ("0.10300", "-0.02000")


def test_numbers_are_written_alike_whether_they_stand_still_or_move() -> None:
    assert list(fixed((1.5, 1.5), 2)) == ["1.50", "1.50"]
    assert list(fixed((1.5, None, -0.001), 2)) == ["1.50", "", "0.00"]
    assert list(fixed((None, None), 2)) == ["", ""]
    assert list(fixed((-0.0, -0.0), 1)) == ["0.0", "0.0"]


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("2026-01-01", EPOCH_US),
        ("2026-01-01T00:00:00Z", EPOCH_US),
        ("2026-01-01T01:00:00+01:00", EPOCH_US),
    ],
)
def test_a_time_may_be_written_with_its_zone_or_in_utc(text: str, at_us: int) -> None:
    assert instant_us(text) == at_us


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1890-01-01"])
def test_what_is_no_time_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="is not allowed"):
        instant_us(text)
