"""Medical records by the Python client and by `yoyaku records`."""

import pytest

from tests.client.shell import Shell
from tests.fixtures.charts import TEXT, Charts
from yoyaku import Client, EtagMismatch, NotAllowed, NotFound


def token_of(client: object) -> str:
    return str(client.metadata[0][1]).removeprefix("Bearer ")  # type: ignore[attr-defined]


async def test_every_call_of_the_service_has_its_method(charts: Charts) -> None:
    address, patient_id = f"http://{charts.scene.worker.address}", charts.scene.patient_id
    async with (
        Client(address, token=token_of(charts.doctor)) as doctor,
        Client(address, token=token_of(charts.outsider)) as outsider,
        Client(address, token=token_of(charts.scene.patient)) as patient,
    ):
        written = (await doctor.create_record(patient_id=patient_id, text=TEXT)).record
        assert (await patient.get_record(written.id)).record == written
        with pytest.raises(NotFound):
            await outsider.get_record(written.id)
        with pytest.raises(NotAllowed, match="BreakGlass"):
            await outsider.list_records(patient_id)
        await outsider.break_glass(patient_id, reason="unconscious")
        assert [each async for each in outsider.records(patient_id)] == [written]
        await doctor.amend_record(written.id, text="newer", etag=written.etag)
        with pytest.raises(EtagMismatch):
            await doctor.amend_record(written.id, text="newest", etag=written.etag)
        assert [each.text async for each in patient.record_versions(written.id)] == ["newer", TEXT]
        assert len([each async for each in patient.record_accesses(patient_id)]) == 6


async def test_a_doctor_writes_and_amends_and_the_patient_reads_on_the_command_line(charts: Charts) -> None:
    doctor, patient = [
        Shell(f"http://{charts.scene.worker.address}", token_of(each)) for each in (charts.doctor, charts.scene.patient)
    ]
    written = await doctor("records", "write", charts.scene.patient_id, "--json", typed=f"{TEXT}\n")
    assert written.json["record"]["text"] == TEXT
    record_id = written.json["record"]["id"]
    assert (await doctor("records", "amend", record_id, typed="no allergy")).code == 0
    assert "no allergy" in (await patient("records")).out
    assert TEXT in (await patient("records", "versions", record_id)).out
    log = (await patient("records", "log")).out.splitlines()
    assert [line.split("Mori Hana")[1].split()[0] for line in log if "Mori Hana" in line] == ["amended", "created"]


async def test_an_outsider_breaks_the_glass_on_the_command_line(charts: Charts) -> None:
    shell = Shell(f"http://{charts.scene.worker.address}", token_of(charts.outsider))
    refused = await shell("records", "list", charts.scene.patient_id)
    assert (refused.code, "BreakGlass" in refused.err) == (1, True)
    opened = await shell("records", "break-glass", charts.scene.patient_id, "--reason", "unconscious")
    assert "the patient sees it" in opened.out
    assert (await shell("records", "list", charts.scene.patient_id)).out == "no records\n"
    assert (await shell("records")).code == 2
    assert (await shell("records", "write", charts.scene.patient_id, typed=" ")).code == 2
