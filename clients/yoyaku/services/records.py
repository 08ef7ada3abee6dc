"""RecordService: medical records, and who accessed them."""

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod, Rows
from yoyaku.v1 import record_service_pb2 as pb
from yoyaku.v1.record_service_pb2_grpc import RecordServiceStub
from yoyaku.wire import write_id


class RecordCalls(ServiceCalls):
    """The calls of RecordService. Every call that reads or writes text is in the patient's access log."""

    @ClientMethod
    async def create_record(
        self, *, patient_id: str, text: str, appointment_id: str = "", request_id: str = ""
    ) -> pb.CreateRecordResponse:
        """Write a record about a patient (NotAllowed without an appointment or breaking the glass, NotFound)."""
        request = pb.CreateRecordRequest(
            patient_id=patient_id, text=text, appointment_id=appointment_id, request_id=write_id(request_id)
        )
        return await self._call(self._stub(RecordServiceStub).CreateRecord, request)

    @ClientMethod
    async def get_record(self, record_id: str) -> pb.GetRecordResponse:
        """One record in its newest version (NotFound, NotAllowed)."""
        return await self._call(self._stub(RecordServiceStub).GetRecord, pb.GetRecordRequest(record_id=record_id))

    @ClientMethod
    async def list_records(self, patient_id: str, *, size: int = 0, page_token: str = "") -> pb.ListRecordsResponse:
        """A page of a patient's records, newest first (NotAllowed)."""
        request = pb.ListRecordsRequest(patient_id=patient_id, size=size, page_token=page_token)
        return await self._call(self._stub(RecordServiceStub).ListRecords, request)

    records = Rows(list_records, lambda page: page.records)

    @ClientMethod
    async def amend_record(
        self, record_id: str, *, text: str, etag: str = "", request_id: str = ""
    ) -> pb.AmendRecordResponse:
        """Add a version to a record; the old ones stay (NotFound, NotAllowed, EtagMismatch)."""
        request = pb.AmendRecordRequest(record_id=record_id, text=text, etag=etag, request_id=write_id(request_id))
        return await self._call(self._stub(RecordServiceStub).AmendRecord, request)

    @ClientMethod
    async def list_record_versions(
        self, record_id: str, *, size: int = 0, page_token: str = ""
    ) -> pb.ListRecordVersionsResponse:
        """A page of a record's versions, newest first (NotFound, NotAllowed)."""
        request = pb.ListRecordVersionsRequest(record_id=record_id, size=size, page_token=page_token)
        return await self._call(self._stub(RecordServiceStub).ListRecordVersions, request)

    record_versions = Rows(list_record_versions, lambda page: page.versions)

    @ClientMethod
    async def break_glass(self, patient_id: str, *, reason: str, request_id: str = "") -> pb.BreakGlassResponse:
        """Open a patient's records for an hour in an emergency; the patient reads the reason (NotFound, NotAllowed)."""
        request = pb.BreakGlassRequest(patient_id=patient_id, reason=reason, request_id=write_id(request_id))
        return await self._call(self._stub(RecordServiceStub).BreakGlass, request)

    @ClientMethod
    async def list_record_access(
        self, patient_id: str, *, size: int = 0, page_token: str = ""
    ) -> pb.ListRecordAccessResponse:
        """A page of who accessed a patient's records, latest first (NotAllowed)."""
        request = pb.ListRecordAccessRequest(patient_id=patient_id, size=size, page_token=page_token)
        return await self._call(self._stub(RecordServiceStub).ListRecordAccess, request)

    record_accesses = Rows(list_record_access, lambda page: page.accesses)
