"""RecordService."""

from datetime import datetime
from typing import TypeVar

from server.domain.etags import etag_of
from server.rpc.calls.current_call import caller, forbid_caching, set_etag, set_location
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.convert import to_relation, to_timestamp
from server.usecases.idempotency import Write
from server.usecases.records.access import DecryptedRecord
from server.usecases.records.break_glass import BreakGlass, LoggedAccess
from server.usecases.records.read import RecordListing, RecordReader
from server.usecases.records.write import Amendment, NewText, RecordWriter
from yoyaku.v1 import clinic_pb2, doctor_pb2, patient_pb2, record_pb2
from yoyaku.v1 import record_service_pb2 as pb
from yoyaku.v1.record_service_pb2_grpc import RecordServiceServicer

M = TypeVar("M", pb.CreateRecordResponse, pb.AmendRecordResponse)


class RecordServicer(RecordServiceServicer):
    """Writes and shows medical records, and shows who accessed them."""

    def __init__(self, reader: RecordReader, writer: RecordWriter, break_glass: BreakGlass) -> None:
        self._reader = reader
        self._writer = writer
        self._break_glass = break_glass

    async def CreateRecord(self, request: pb.CreateRecordRequest, context: object) -> pb.CreateRecordResponse:
        forbid_caching()
        new = NewText(request.patient_id.lower(), request.appointment_id.lower(), request.text)
        write = _textless(
            idempotent_write(caller(), request, request.request_id, _created, pb.CreateRecordResponse), new.text
        )
        response = await self._writer.create(caller(), new, write)
        set_location(f"/api/medical-records/{response.record.id}", response.record.etag)
        return response

    async def GetRecord(self, request: pb.GetRecordRequest, context: object) -> pb.GetRecordResponse:
        forbid_caching()
        response = pb.GetRecordResponse(record=_record(await self._reader.get(caller(), request.record_id.lower())))
        set_etag(response.record.etag)
        return response

    async def ListRecords(self, request: pb.ListRecordsRequest, context: object) -> pb.ListRecordsResponse:
        forbid_caching()
        listing = RecordListing(request.patient_id.lower(), request.size, request.page, request.page_token)
        found, next_page_token = await self._reader.list(caller(), listing)
        return pb.ListRecordsResponse(records=map(_record, found), next_page_token=next_page_token)

    async def AmendRecord(self, request: pb.AmendRecordRequest, context: object) -> pb.AmendRecordResponse:
        forbid_caching()
        amendment = Amendment(request.record_id.lower(), request.text, request.etag)
        write = idempotent_write(caller(), request, request.request_id, _amended, pb.AmendRecordResponse)
        response = await self._writer.amend(caller(), amendment, _textless(write, amendment.text))
        set_etag(response.record.etag)
        return response

    async def ListRecordVersions(
        self, request: pb.ListRecordVersionsRequest, context: object
    ) -> pb.ListRecordVersionsResponse:
        forbid_caching()
        found, next_page_token = await self._reader.versions(
            caller(), request.record_id.lower(), request.size, request.page_token
        )
        return pb.ListRecordVersionsResponse(versions=map(_version, found), next_page_token=next_page_token)

    async def BreakGlass(self, request: pb.BreakGlassRequest, context: object) -> pb.BreakGlassResponse:
        patient_id = request.patient_id.lower()

        def opened(until: datetime) -> pb.BreakGlassResponse:
            return pb.BreakGlassResponse(patient_id=patient_id, expire_time=to_timestamp(until))

        write = idempotent_write(caller(), request, request.request_id, opened, pb.BreakGlassResponse)
        return await self._break_glass.break_glass(caller(), patient_id, request.reason, write)

    async def ListRecordAccess(
        self, request: pb.ListRecordAccessRequest, context: object
    ) -> pb.ListRecordAccessResponse:
        forbid_caching()
        rows, next_page_token = await self._break_glass.accesses(
            caller(), request.patient_id.lower(), request.size, request.page_token
        )
        return pb.ListRecordAccessResponse(accesses=map(_access, rows), next_page_token=next_page_token)


def _textless(write: Write[DecryptedRecord, M], text: str) -> Write[DecryptedRecord, M]:
    """A write whose stored answer omits the text: only the same request gets it again, and that contains the text."""

    def dump(answer: M) -> bytes:
        kept = type(answer).FromString(answer.SerializeToString())
        kept.record.ClearField("text")
        return kept.SerializeToString()

    def load(kept: bytes) -> M:
        answer = write.load(kept)
        answer.record.text = text
        return answer

    return write._replace(dump=dump, load=load)


def _created(opened: DecryptedRecord) -> pb.CreateRecordResponse:
    return pb.CreateRecordResponse(record=_record(opened))


def _amended(opened: DecryptedRecord) -> pb.AmendRecordResponse:
    return pb.AmendRecordResponse(record=_record(opened))


def _record(opened: DecryptedRecord) -> record_pb2.Record:
    row = opened.row
    return record_pb2.Record(
        id=row.id,
        patient=patient_pb2.PatientRef(id=row.patient_id, name=row.patient_name),
        doctor=doctor_pb2.DoctorRef(id=row.doctor_id, name=row.doctor_name, specialty=row.specialty),
        clinic=clinic_pb2.ClinicRef(id=row.clinic_id, name=row.clinic_name, time_zone=row.time_zone),
        appointment_id=row.appointment_id or "",
        text=opened.text,
        version=row.version,
        etag=etag_of(row.version),
        create_time=to_timestamp(row.created_at),
        update_time=to_timestamp(row.written_at),
    )


def _version(opened: DecryptedRecord) -> record_pb2.RecordVersion:
    row = opened.row
    return record_pb2.RecordVersion(version=row.version, text=opened.text, create_time=to_timestamp(row.written_at))


def _access(logged: LoggedAccess) -> record_pb2.RecordAccess:
    row = logged.row
    doctor = doctor_pb2.DoctorRef(id=row.doctor_id or "", name=row.doctor_name or "", specialty=row.specialty or "")
    return record_pb2.RecordAccess(
        access_time=to_timestamp(row.happened_at),
        kind=record_pb2.RecordAccessKind.Value(f"RECORD_ACCESS_KIND_{row.access.upper()}"),
        basis=record_pb2.RecordAccessBasis.Value(f"RECORD_ACCESS_BASIS_{row.basis.upper()}"),
        doctor=doctor if row.doctor_id else None,
        account_id=row.actor,
        record_ids=row.record_ids,
        version=row.version or 0,
        reason=logged.reason,
        relation=to_relation(logged.relation),
    )
