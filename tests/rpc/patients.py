"""Calls about patients."""

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Client
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.patient_pb2 import Identifier, Patient

NOBODY = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"


CARD = Identifier(system="urn:oid:1.2.392", value="A-17")


FILE = Identifier(system="urn:hospital", value="77")


async def register(scene: Scene, caller: Client | None = None, **fields: Any) -> Patient:
    caller = caller or scene.staff
    request = pb.RegisterPatientRequest(**{"name": "Kato Mei"} | fields)
    response: pb.RegisterPatientResponse = await caller(caller.directory.RegisterPatient, request)
    return response.patient


async def get(caller: Client, patient_id: str) -> Patient:
    request = pb.GetPatientRequest(patient_id=patient_id)
    response: pb.GetPatientResponse = await caller(caller.directory.GetPatient, request)
    return response.patient


async def update(
    scene: Scene,
    patient: Patient,
    *paths: str,
    caller: Client | None = None,
    patient_id: str = "",
    request_id: str = "",
) -> Patient:
    caller = caller or scene.staff
    request = pb.UpdatePatientRequest(
        patient_id=patient_id or scene.patient_id,
        patient=patient,
        update_mask=FieldMask(paths=paths),
        request_id=request_id,
    )
    response: pb.UpdatePatientResponse = await caller(caller.directory.UpdatePatient, request)
    return response.patient


async def search(scene: Scene, caller: Client | None = None, **fields: Any) -> Any:
    caller = caller or scene.staff
    return await caller(caller.directory.SearchPatients, pb.SearchPatientsRequest(**fields))


async def names(scene: Scene, **fields: Any) -> list[str]:
    return [patient.name for patient in (await search(scene, **fields)).patients]
