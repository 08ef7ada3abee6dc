"""QueueService: tickets, calls, and lanes as they change."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from yoyaku.errors import YoyakuError
from yoyaku.methods import ClientMethod, Each
from yoyaku.streams import StreamCalls
from yoyaku.v1 import queue_service_pb2 as pb
from yoyaku.v1.queue_pb2 import Lane, QueueRules
from yoyaku.v1.queue_service_pb2_grpc import QueueServiceStub
from yoyaku.wire import write_id


class QueueCalls(StreamCalls):
    """The calls of QueueService. A lane has the id of its doctor."""

    @ClientMethod
    async def check_in(self, appointment_id: str, *, request_id: str = "") -> pb.CheckInResponse:
        """The patient has arrived and gets a ticket (Refused, NotFound, NotAllowed)."""
        request = pb.CheckInRequest(appointment_id=appointment_id, request_id=write_id(request_id))
        return await self._call(self._stub(QueueServiceStub).CheckIn, request)

    @ClientMethod
    async def register_walk_in(self, lane_id: str, *, request_id: str = "") -> pb.RegisterWalkInResponse:
        """A ticket for somebody without an appointment (Refused, NotFound, NotAllowed)."""
        request = pb.RegisterWalkInRequest(lane_id=lane_id, request_id=write_id(request_id))
        return await self._call(self._stub(QueueServiceStub).RegisterWalkIn, request)

    @ClientMethod
    async def call_next(self, lane_id: str, room: str, *, request_id: str = "") -> pb.CallNextResponse:
        """Call the next one to a room (Refused if nobody waits, NotFound, NotAllowed)."""
        request = pb.CallNextRequest(lane_id=lane_id, room=room, request_id=write_id(request_id))
        return await self._call(self._stub(QueueServiceStub).CallNext, request)

    @ClientMethod
    async def recall(self, lane_id: str, ticket_id: str, *, request_id: str = "") -> pb.RecallResponse:
        """Call a ticket again (Refused, NotFound, NotAllowed)."""
        request = pb.RecallRequest(lane_id=lane_id, ticket_id=ticket_id, request_id=write_id(request_id))
        return await self._call(self._stub(QueueServiceStub).Recall, request)

    @ClientMethod
    async def skip(self, lane_id: str, ticket_id: str, *, request_id: str = "") -> pb.SkipResponse:
        """Pass over a ticket whose holder is not there (Refused, NotFound, NotAllowed)."""
        request = pb.SkipRequest(lane_id=lane_id, ticket_id=ticket_id, request_id=write_id(request_id))
        return await self._call(self._stub(QueueServiceStub).Skip, request)

    @ClientMethod
    async def move_ticket(
        self, lane_id: str, ticket_id: str, position: int, reason: str, *, request_id: str = ""
    ) -> pb.MoveTicketResponse:
        """Move a ticket to another position among those who wait, from 0 (Refused, NotFound, NotAllowed)."""
        request = pb.MoveTicketRequest(
            lane_id=lane_id, ticket_id=ticket_id, position=position, reason=reason, request_id=write_id(request_id)
        )
        return await self._call(self._stub(QueueServiceStub).MoveTicket, request)

    @ClientMethod
    async def close_lane(self, lane_id: str, *, reopen: bool = False, request_id: str = "") -> pb.CloseLaneResponse:
        """Let nobody new into a lane today, or again (NotFound, NotAllowed)."""
        request = pb.CloseLaneRequest(lane_id=lane_id, reopen=reopen, request_id=write_id(request_id))
        return await self._call(self._stub(QueueServiceStub).CloseLane, request)

    @ClientMethod
    async def set_announcement(
        self, clinic_id: str, text: str, *, lane_id: str = "", request_id: str = ""
    ) -> pb.SetAnnouncementResponse:
        """Set the line that screens show at a clinic, or to those who wait in a lane (NotFound, NotAllowed)."""
        request = pb.SetAnnouncementRequest(
            clinic_id=clinic_id, lane_id=lane_id, announcement=text, request_id=write_id(request_id)
        )
        return await self._call(self._stub(QueueServiceStub).SetAnnouncement, request)

    @ClientMethod
    async def list_lanes(self, clinic_id: str) -> pb.ListLanesResponse:
        """The lanes of a clinic on its present day (NotAllowed)."""
        return await self._call(self._stub(QueueServiceStub).ListLanes, pb.ListLanesRequest(clinic_id=clinic_id))

    @ClientMethod
    async def get_lane(self, lane_id: str) -> pb.GetLaneResponse:
        """One lane (NotFound)."""
        return await self._call(self._stub(QueueServiceStub).GetLane, pb.GetLaneRequest(lane_id=lane_id))

    @ClientMethod
    async def get_queue_rules(self, clinic_id: str) -> pb.GetQueueRulesResponse:
        """A clinic's rules for its queues (NotAllowed)."""
        return await self._call(
            self._stub(QueueServiceStub).GetQueueRules, pb.GetQueueRulesRequest(clinic_id=clinic_id)
        )

    @ClientMethod
    async def set_queue_rules(
        self, clinic_id: str, rules: QueueRules, *, etag: str = "", request_id: str = ""
    ) -> pb.SetQueueRulesResponse:
        """Set a clinic's rules for its queues, all of them (NotFound, NotAllowed, EtagMismatch)."""
        request = pb.SetQueueRulesRequest(clinic_id=clinic_id, rules=rules, etag=etag, request_id=write_id(request_id))
        return await self._call(self._stub(QueueServiceStub).SetQueueRules, request)

    @Each
    async def watch_queue(
        self, clinic_id: str, *, lost: Callable[[YoyakuError], None] = lambda _: None
    ) -> AsyncGenerator[Lane, None]:
        """The lanes of a clinic, each whole, as they are and then after each change (NotAllowed).

        It survives lost connections; for each lane, (epoch, date, revision) only rises. `lost` is called whenever the
        server cannot be reached for now.
        """
        request = pb.WatchQueueRequest(clinic_id=clinic_id)
        newest: dict[str, tuple[int, str, int]] = {}
        name = "yoyaku.v1.QueueService/WatchQueue"
        watching = self._watch(name, self._stub(QueueServiceStub).WatchQueue, lambda: request, lost)
        async with aclosing(watching) as messages:
            async for message in messages:
                lane = message.lane
                version = (lane.epoch, lane.date, lane.revision)
                # After a lost connection another server may be slightly behind.
                if message.HasField("lane") and version >= newest.get(lane.lane_id, version):
                    newest[lane.lane_id] = version
                    yield lane
