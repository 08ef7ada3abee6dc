"""The methods of DirectoryService about representatives."""

from server.rpc.calls.current_call import caller
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.patients import new_representative, representative_added, representative_of
from server.usecases.representatives.add import RepresentativeAdder
from server.usecases.representatives.end import RepresentativeEnder
from server.usecases.representatives.read import RepresentativeReader
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.directory_service_pb2_grpc import DirectoryServiceServicer


class RepresentativeServicer(DirectoryServiceServicer):
    """Adds, lists and ends representatives."""

    _adder: RepresentativeAdder
    _ender: RepresentativeEnder
    _representatives: RepresentativeReader

    async def AddRepresentative(
        self, request: pb.AddRepresentativeRequest, context: object
    ) -> pb.AddRepresentativeResponse:
        write = idempotent_write(
            caller(), request, request.request_id, representative_added, pb.AddRepresentativeResponse
        )
        return await self._adder.add(caller(), new_representative(request), write)

    async def ListRepresentatives(
        self, request: pb.ListRepresentativesRequest, context: object
    ) -> pb.ListRepresentativesResponse:
        found = await self._representatives.of_patient(
            caller(), request.patient_id.lower(), ended=request.include_ended
        )
        return pb.ListRepresentativesResponse(representatives=map(representative_of, found))

    async def EndRepresentative(
        self, request: pb.EndRepresentativeRequest, context: object
    ) -> pb.EndRepresentativeResponse:
        found = await self._ender.end(caller(), request.representative_id.lower())
        return pb.EndRepresentativeResponse(representative=representative_of(found))
