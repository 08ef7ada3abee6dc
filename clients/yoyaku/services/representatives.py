"""DirectoryService: who acts for a patient."""

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1 import representative_pb2
from yoyaku.v1.directory_service_pb2_grpc import DirectoryServiceStub
from yoyaku.wire import Day, day_text, write_id


class RepresentativeCalls(ServiceCalls):
    """The calls about representatives: accounts that act for another patient. `get_me` says for whom one acts."""

    @ClientMethod
    async def add_representative(
        self,
        patient_id: str,
        *,
        email: str,
        relation: "representative_pb2.RepresentativeRelation.ValueType",
        clinic_id: str,
        note: str,
        end_date: Day | None = None,
        request_id: str = "",
    ) -> pb.AddRepresentativeResponse:
        """Let the patient who signs in with an email act for another one, up to and including `end_date`.

        Without it, for a minor, until the birthday that the clinic's policy names. `note` says what was seen as proof
        (NotFound, AlreadyExists, Refused, NotAllowed, InvalidRequest: the patient's age does not allow it).
        """
        request = pb.AddRepresentativeRequest(
            patient_id=patient_id,
            email=email,
            relation=relation,
            clinic_id=clinic_id,
            note=note,
            end_date=day_text(end_date),
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(DirectoryServiceStub).AddRepresentative, request)

    @ClientMethod
    async def list_representatives(
        self, patient_id: str, *, include_ended: bool = False
    ) -> pb.ListRepresentativesResponse:
        """Who acts for a patient, the newest first; on request also who did (NotFound, NotAllowed)."""
        request = pb.ListRepresentativesRequest(patient_id=patient_id, include_ended=include_ended)
        return await self._call(self._stub(DirectoryServiceStub).ListRepresentatives, request)

    @ClientMethod
    async def end_representative(self, representative_id: str) -> pb.EndRepresentativeResponse:
        """End a representative; ending it again changes nothing (NotFound, NotAllowed)."""
        request = pb.EndRepresentativeRequest(representative_id=representative_id)
        return await self._call(self._stub(DirectoryServiceStub).EndRepresentative, request)
