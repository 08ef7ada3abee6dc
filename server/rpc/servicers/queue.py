"""QueueService."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from db.postgres.queue.tickets import TicketRow
from server.domain.booking.appointment import AppointmentStatus
from server.domain.identity import Role
from server.domain.rights import Action
from server.rpc.calls.current_call import caller, set_etag
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.calls.streaming import watcher
from server.rpc.messages.queue import from_rules, to_lane, to_rules, to_ticket
from server.usecases.appointments.changeable import Changed
from server.usecases.appointments.status import StatusChanger, Step
from server.usecases.idempotency import Write
from server.usecases.queue.desk import QueueDesk, TicketMove
from server.usecases.queue.read import Lanes
from server.usecases.queue.rules import ClinicRules, RuleBook
from server.usecases.queue.watch import QueueWatch
from yoyaku.v1 import queue_service_pb2 as pb
from yoyaku.v1.queue_service_pb2_grpc import QueueServiceServicer

R = TypeVar("R", bound=Message)


class QueueServicer(QueueServiceServicer):
    """Gives out tickets, calls them, and shows lanes as they change."""

    def __init__(
        self, status: StatusChanger, desk: QueueDesk, lanes: Lanes, rule_book: RuleBook, queue_watch: QueueWatch
    ) -> None:
        self._status = status
        self._desk = desk
        self._lanes = lanes
        self._rules = rule_book
        self._watch = queue_watch

    async def CheckIn(self, request: pb.CheckInRequest, context: object) -> pb.CheckInResponse:
        def checked_in(changed: Changed) -> pb.CheckInResponse:
            return pb.CheckInResponse(ticket=to_ticket(changed.ticket) if changed.ticket else None)

        step = Step(request.appointment_id.lower(), AppointmentStatus.CHECKED_IN, "", action=Action.CHECK_IN)
        write = idempotent_write(caller(), request, request.request_id, checked_in, pb.CheckInResponse)
        return await self._status.change(caller(), step, write)

    async def RegisterWalkIn(self, request: pb.RegisterWalkInRequest, context: object) -> pb.RegisterWalkInResponse:
        write = _ticket_write(request, request.request_id, pb.RegisterWalkInResponse)
        return await self._desk.register_walk_in(caller(), request.lane_id.lower(), write)

    async def CallNext(self, request: pb.CallNextRequest, context: object) -> pb.CallNextResponse:
        write = _ticket_write(request, request.request_id, pb.CallNextResponse)
        return await self._desk.call_next(caller(), request.lane_id.lower(), request.room, write)

    async def Recall(self, request: pb.RecallRequest, context: object) -> pb.RecallResponse:
        write = _ticket_write(request, request.request_id, pb.RecallResponse)
        return await self._desk.recall(caller(), request.lane_id.lower(), request.ticket_id.lower(), write)

    async def Skip(self, request: pb.SkipRequest, context: object) -> pb.SkipResponse:
        write = _ticket_write(request, request.request_id, pb.SkipResponse)
        return await self._desk.skip(caller(), request.lane_id.lower(), request.ticket_id.lower(), write)

    async def MoveTicket(self, request: pb.MoveTicketRequest, context: object) -> pb.MoveTicketResponse:
        write = _ticket_write(request, request.request_id, pb.MoveTicketResponse)
        move = TicketMove(request.ticket_id.lower(), request.position, request.reason)
        return await self._desk.move(caller(), request.lane_id.lower(), move, write)

    async def CloseLane(self, request: pb.CloseLaneRequest, context: object) -> pb.CloseLaneResponse:
        write = idempotent_write(caller(), request, request.request_id, _closed, pb.CloseLaneResponse)
        return await self._desk.close(caller(), request.lane_id.lower(), write, closed=not request.reopen)

    async def SetAnnouncement(self, request: pb.SetAnnouncementRequest, context: object) -> pb.SetAnnouncementResponse:
        write = idempotent_write(caller(), request, request.request_id, _announced, pb.SetAnnouncementResponse)
        clinic_id, lane_id = request.clinic_id.lower(), request.lane_id.lower()
        return await self._desk.announce(caller(), clinic_id, lane_id, request.announcement.strip(), write)

    async def ListLanes(self, request: pb.ListLanesRequest, context: object) -> pb.ListLanesResponse:
        views = await self._lanes.list(caller(), request.clinic_id.lower())
        return pb.ListLanesResponse(lanes=[to_lane(each, with_appointments=_runs_queues()) for each in views])

    async def GetLane(self, request: pb.GetLaneRequest, context: object) -> pb.GetLaneResponse:
        view = await self._lanes.get(caller(), request.lane_id.lower())
        return pb.GetLaneResponse(lane=to_lane(view, with_appointments=_runs_queues()))

    async def GetQueueRules(self, request: pb.GetQueueRulesRequest, context: object) -> pb.GetQueueRulesResponse:
        found = await self._rules.get(caller(), request.clinic_id.lower())
        response = pb.GetQueueRulesResponse(rules=to_rules(found))
        set_etag(response.rules.etag)
        return response

    async def SetQueueRules(self, request: pb.SetQueueRulesRequest, context: object) -> pb.SetQueueRulesResponse:
        write = idempotent_write(caller(), request, request.request_id, _rules_set, pb.SetQueueRulesResponse)
        rules = from_rules(request.rules)
        response = await self._rules.set(caller(), request.clinic_id.lower(), rules, request.etag, write)
        set_etag(response.rules.etag)
        return response

    def WatchQueue(  # type: ignore[override]  # bytes, see server.rpc.calls.streaming
        self, request: pb.WatchQueueRequest, context: grpc.aio.ServicerContext[Any, bytes]
    ) -> AsyncGenerator[bytes, None]:
        return self._watch.watch(watcher(context), request.clinic_id.lower())


_DESKS: Sequence[Role] = (Role.STAFF, Role.DOCTOR)


def _runs_queues() -> bool:
    """Whether the caller may know which appointment a ticket is for."""
    return not caller().roles.isdisjoint(_DESKS)


def _ticket_write(request: Message, request_id: str, answer: type[R]) -> Write[TicketRow, R]:
    return idempotent_write(caller(), request, request_id, lambda row: answer(ticket=to_ticket(row)), answer)


def _rules_set(rules: ClinicRules) -> pb.SetQueueRulesResponse:
    return pb.SetQueueRulesResponse(rules=to_rules(rules))


def _announced(text: str) -> pb.SetAnnouncementResponse:
    return pb.SetAnnouncementResponse(announcement=text)


def _closed(_: None) -> pb.CloseLaneResponse:
    return pb.CloseLaneResponse()
