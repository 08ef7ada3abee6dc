"""The largest answers, good and bad, of every method reach the caller, and cost the calls beside them nothing."""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.edge.rest import Rest
from tests.rights.calls import methods
from yoyaku.v1 import directory_service_pb2 as directory
from yoyaku.v1 import record_service_pb2 as records

WRONG = "é\a" * 1_000
UNEXPECTED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
NEIGHBOUR = "/yoyaku.v1.DirectoryService/ListClinics"
MOST_RECORDS, LONGEST_RECORD = 100, 10_000


def worst(request: Message, items: int) -> Message:
    """A request in which all that can be is wrong, with lists of so many items."""
    for field in request.DESCRIPTOR.fields:
        if field.message_type:
            inner: Any = getattr(request, field.name)
            nested = [inner.add() for _ in range(items)] if field.is_repeated else [inner]
            for each in nested:
                each.SetInParent()
                worst(each, items)
        elif field.type == FieldDescriptor.TYPE_STRING:
            if field.is_repeated:
                getattr(request, field.name).extend([WRONG] * items)
            else:
                setattr(request, field.name, WRONG)
    return request


def requests() -> Iterator[tuple[MethodDescriptor, bytes]]:
    for _, method in methods():
        for items in (1, 15, 150):  # as many as there may be, and more
            raw = worst(GetMessageClass(method.input_type)(), items).SerializeToString()
            if len(raw) < 1 << 20:
                yield method, raw


async def test_the_largest_refusal_of_every_method_harms_no_call_beside_it(edge: Edge, stack: Stack) -> None:
    metadata = (("authorization", f"Bearer {stack.clinic.tokens['admin']}"),)
    async with grpc.aio.insecure_channel(edge.url.removeprefix("http://")) as channel:

        async def refused(method: MethodDescriptor, raw: bytes) -> tuple[str, grpc.StatusCode, str, int]:
            kind: Any = channel.unary_stream if method.server_streaming else channel.unary_unary
            call: Any = kind(f"/{method.containing_service.full_name}/{method.name}")(
                raw, metadata=metadata, timeout=10
            )
            code = await call.code()
            size = sum(len(key) + len(value) for key, value in await call.trailing_metadata() or ())
            return method.name, code, await call.details() or "", size

        async def beside() -> None:
            clinics: Any = channel.unary_unary(NEIGHBOUR)
            await clinics(b"", metadata=metadata, timeout=10)

        for method, raw in requests():
            (name, code, details, size), *_ = await asyncio.gather(refused(method, raw), beside(), beside())
            assert code not in UNEXPECTED, (name, details)
            assert size < 32_000, name


@pytest.fixture
def long_records(rest: Rest) -> str:
    """The id of a patient with a page full of records that could not be longer."""
    patient = str(rest("staff", "POST", "/api/patients", json={"name": "Sato Ken"}).json()["patient"]["id"])
    clinic = rest.stack.clinic
    slot = {"doctor_id": clinic.doctor, "date": clinic.day, "time_slot": "15:00"}
    assert rest("staff", "POST", "/api/appointments", json={"patient_id": patient, **slot}).status_code == 201
    for _ in range(MOST_RECORDS):
        text = {"patient_id": patient, "text": "診<" * (LONGEST_RECORD // 2)}
        answer = rest("doctor", "POST", "/api/medical-records", json=text)
        assert answer.status_code == 201, answer.text
    return patient


def test_a_page_of_the_longest_records_arrives_over_rest_and_grpc(
    rest: Rest, channel: grpc.Channel, long_records: str
) -> None:
    answer = rest("doctor", "GET", f"/api/medical-records?patient_id={long_records}&size={MOST_RECORDS}")
    assert answer.status_code == 200, answer.text
    assert [len(each["text"]) for each in answer.json()["records"]] == [LONGEST_RECORD] * MOST_RECORDS
    call: Any = channel.unary_unary(
        "/yoyaku.v1.RecordService/ListRecords", None, records.ListRecordsResponse.FromString
    )
    token = (("authorization", f"Bearer {rest.stack.clinic.tokens['doctor']}"),)
    question = records.ListRecordsRequest(patient_id=long_records, size=MOST_RECORDS)
    listed = call(question.SerializeToString(), metadata=token)
    assert [len(each.text) for each in listed.records] == [LONGEST_RECORD] * MOST_RECORDS


def test_an_error_never_repeats_more_than_its_bounds(rest: Rest, channel: grpc.Channel) -> None:
    update = directory.UpdatePatientRequest(patient_id=rest.stack.clinic.patient)
    update.update_mask.paths.extend([f"x{number}" * 5_000 for number in range(50)])
    call: Any = channel.unary_unary("/yoyaku.v1.DirectoryService/UpdatePatient")
    with pytest.raises(grpc.RpcError) as refused:
        call(update.SerializeToString(), metadata=(("authorization", f"Bearer {rest.stack.clinic.tokens['staff']}"),))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(refused.value.details() or "") <= 1_003
