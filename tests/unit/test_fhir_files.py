"""Which files of a directory an import reads, and what it says of the others."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.fhir import files
from server.fhir.export import find
from server.fhir.fields import Origin
from server.fhir.files import ExportError
from tests.fixtures.fhir import Resource, patient

ORIGIN = Origin("https://fhir.example", None, datetime(2026, 3, 2, tzinfo=UTC))


def ids(directory: Path) -> tuple[list[str], dict[str, str]]:
    """The ids of all patients that are read, and what is reported, by file."""
    found = find(directory)
    for file in found.files:
        found.survey(file, ORIGIN)
    reports = {report.file + (f":{report.first}" if report.first else ""): report.reason for report in found.reports}
    return sorted(line.resource["id"] for line in found.lines("Patient")), reports


def line(resource: Resource) -> bytes:
    return json.dumps(resource).encode() + b"\n"


def test_files_of_every_usual_kind_are_read_in_subdirectories_too(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "a.ndjson").write_bytes(line(patient("plain")))
    (tmp_path / "more" / "B.NDJSON").write_bytes(line(patient("upper")))
    (tmp_path / "c.ndjson.gz").write_bytes(gzip.compress(line(patient("zipped"))))
    (tmp_path / "d.ndjson").write_bytes(gzip.compress(line(patient("zipped-unnamed"))))
    (tmp_path / "e.json").write_text(json.dumps(patient("alone"), indent=2))
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": patient("bundled")},
            {"fullUrl": "urn:uuid:0190e5c2-0000-7000-8000-000000000000", "resource": _without_id(patient())},
            {"fullUrl": "https://x.example/Patient/by-url", "resource": _without_id(patient())},
        ],
    }
    (tmp_path / "f.json").write_text(json.dumps(bundle, indent=2))
    (tmp_path / "g.ndjson").write_bytes(line(bundle | {"entry": [{"resource": patient("bundled-in-a-line")}]}))
    (tmp_path / "h.ndjson").symlink_to(tmp_path / "a.ndjson")
    read, reports = ids(tmp_path)
    assert reports == {}
    assert read == sorted(
        [
            *("plain", "plain", "upper", "zipped", "zipped-unnamed", "alone", "bundled", "bundled-in-a-line"),
            *("0190e5c2-0000-7000-8000-000000000000", "by-url"),
        ]
    )


def _without_id(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != "id"}


def test_what_is_skipped_is_named_with_its_reason(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(line(patient("stolen")))
    directory = tmp_path / "export"
    directory.mkdir()
    (directory / "a.ndjson").write_bytes(line(patient()))
    (directory / "b.csv").write_text("x")
    (directory / "c.ndjson").touch()
    (directory / "d.ndjson").symlink_to(outside)
    (directory / "e.ndjson").symlink_to(directory / "nowhere")
    (directory / "f.ndjson").symlink_to(directory / "f.ndjson")
    os.mkfifo(directory / "g.ndjson")
    read, reports = ids(directory)
    assert read == ["p1"]
    assert {name: reason.split(":")[0] for name, reason in reports.items()} == {
        "b.csv": "its name does not end in .ndjson, .ndjson.gz, .json or .json.gz",
        "c.ndjson": "it is empty",
        "d.ndjson": "it is a link that leaves the directory",
        "e.ndjson": "it is a link that leads nowhere",
        "f.ndjson": "it is a link that leads nowhere",
        "g.ndjson": "it is no regular file",
    }


def test_a_directory_of_which_nothing_can_be_read_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson").touch()
    with pytest.raises(ExportError, match=r"contains no file that ends in .ndjson.*Patient\.ndjson: it is empty"):
        find(tmp_path)


def test_a_line_that_is_too_long_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_OF_A_LINE", 1_000)
    long = line(patient("long") | {"text": "x" * 5_000})
    (tmp_path / "a.ndjson").write_bytes(line(patient("before")) + long + line(patient("after")))
    read, reports = ids(tmp_path)
    assert read == ["after", "before"]
    assert list(reports) == ["a.ndjson:2"]
    assert "is longer than 1,000 bytes" in reports["a.ndjson:2"]


def test_a_download_that_broke_off_is_an_error(tmp_path: Path) -> None:
    whole = gzip.compress(line(patient()) * 1_000)
    (tmp_path / "a.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ExportError, match="download it again"):
        ids(tmp_path)
