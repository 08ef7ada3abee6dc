"""Every reason of the contract comes out as the exception that people catch."""

import json
import pickle
import re
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2

import yoyaku
from tests.client.stand_in import failure, outcome
from yoyaku.errors import CLASSES
from yoyaku.v1.error_reason_pb2 import ErrorReason
from yoyaku.v1.schedule_pb2 import AlternativeSlot, AlternativeSlots

CONTRACT = (Path(__file__).parents[2] / "protos/yoyaku/v1/error_reason.proto").read_text()
SAMPLE = re.compile(r"// ([A-Z_]+)\. [^{]*?//     (\{.*\})\n  ERROR_REASON_([A-Z_]+) =")
REASONS = [(code, json.loads(info)) for code, info, _ in SAMPLE.findall(CONTRACT)]

EXPECTED = {
    "INVALID_ARGUMENT": yoyaku.InvalidRequest,
    "AMBIGUOUS_LOCAL_TIME": yoyaku.AmbiguousTime,
    "UNAUTHENTICATED": yoyaku.Unauthenticated,
    "PERMISSION_DENIED": yoyaku.NotAllowed,
    "NOT_FOUND": yoyaku.NotFound,
    "UNKNOWN_METHOD": yoyaku.YoyakuError,
    "ALREADY_EXISTS": yoyaku.AlreadyExists,
    "SLOT_TAKEN": yoyaku.SlotTaken,
    "PATIENT_BUSY": yoyaku.PatientBusy,
    "FAILED_PRECONDITION": yoyaku.Refused,
    "FEED_COMPACTED": yoyaku.FeedCompacted,
    "ETAG_MISMATCH": yoyaku.EtagMismatch,
    "TRANSACTION_CONFLICT": yoyaku.Unavailable,
    "DEADLINE_EXCEEDED": yoyaku.DeadlineExceeded,
    "RESOURCE_EXHAUSTED": yoyaku.Unavailable,
    "REQUEST_TOO_LARGE": yoyaku.InvalidRequest,
    "TOO_MANY_ATTEMPTS": yoyaku.Refused,
    "REFRESH_IN_PROGRESS": yoyaku.Refused,
    "UNAVAILABLE": yoyaku.Unavailable,
    "INTERNAL": yoyaku.ServerFault,
}


def test_the_contract_gives_a_sample_of_every_reason() -> None:
    named = {f"ERROR_REASON_{info['reason']}" for _, info in REASONS}
    assert named == set(ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}


@pytest.mark.parametrize(("code", "info"), REASONS, ids=[info["reason"] for _, info in REASONS])
async def test_a_reason_arrives_with_all_that_it_says(code: str, info: dict[str, object]) -> None:
    reason, metadata = str(info["reason"]), dict(info["metadata"])  # type: ignore[call-overload]
    _, error = await outcome([failure(grpc.StatusCode[code], reason, message="do this", **metadata)], deadline=0.5)
    assert type(error) is (EXPECTED.get(reason) or EXPECTED[code])
    assert (error.reason, error.code, error.message) == (reason, grpc.StatusCode[code], "do this")
    assert (error.metadata, error.request_id) == (metadata, "r-17")
    assert str(error) == f"do this ({reason}, request id r-17)"


def test_every_class_of_the_table_is_exported() -> None:
    assert {kind.__name__ for kind in CLASSES.values()} <= set(yoyaku.__all__)


async def test_details_arrive_as_objects() -> None:
    slots = [AlternativeSlot(time_slot="09:30", seats_free=1), AlternativeSlot(time_slot="11:00", seats_free=2)]
    violation = error_details_pb2.BadRequest.FieldViolation(field="date", description="write YYYY-MM-DD")
    details = (
        AlternativeSlots(doctor_id="d", time_zone="Asia/Tokyo", slots=slots),
        error_details_pb2.BadRequest(field_violations=[violation]),
    )
    _, error = await outcome([failure(grpc.StatusCode.ALREADY_EXISTS, "SLOT_TAKEN", *details)])
    assert isinstance(error, yoyaku.SlotTaken)
    assert (error.alternatives, error.time_zone) == (slots, "Asia/Tokyo")
    assert error.violations == {"date": "write YYYY-MM-DD"}


async def test_a_reason_of_a_newer_server_is_an_error_by_its_code() -> None:
    _, error = await outcome([failure(grpc.StatusCode.FAILED_PRECONDITION, "MOON_TOO_FULL", phase="full")])
    assert type(error) is yoyaku.Refused
    assert (error.reason, error.metadata) == ("MOON_TOO_FULL", {"phase": "full"})
    _, odd = await outcome([failure(grpc.StatusCode.DATA_LOSS, "MOON_LOST")])
    assert type(odd) is yoyaku.YoyakuError


async def test_a_status_without_details_is_an_error_too() -> None:
    _, error = await outcome([failure(grpc.StatusCode.PERMISSION_DENIED, message="proxy says no")])
    assert type(error) is yoyaku.NotAllowed
    assert (error.reason, error.message) == ("", "proxy says no")
    assert str(error) == "proxy says no (PERMISSION_DENIED, request id r-17)"


async def test_an_error_passes_between_processes() -> None:
    slot = AlternativeSlot(time_slot="09:30")
    _, error = await outcome(
        [failure(grpc.StatusCode.ALREADY_EXISTS, "SLOT_TAKEN", AlternativeSlots(slots=[slot]), doctor_id="d")]
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert type(copy) is yoyaku.SlotTaken
    assert (copy.reason, copy.metadata, copy.alternatives) == ("SLOT_TAKEN", {"doctor_id": "d"}, [slot])
