"""The cases of queues."""

from collections.abc import Sequence

from server.domain.rights import Action
from tests.rights.case import Case
from yoyaku.v1 import queue_service_pb2 as queue
from yoyaku.v1.queue_pb2 import QueueRules

_NO_TICKET = "00000000-0000-7000-8000-000000000000"

QUEUE_CASES: dict[str, Sequence[Case]] = {
    "QueueService/CheckIn": [
        Case(
            lambda w, s: queue.CheckInRequest(appointment_id=w.appointment(s)),
            sees=Action.SEE_APPOINTMENT,
            passed=["TOO_EARLY"],
        )
    ],
    "QueueService/RegisterWalkIn": [Case(lambda _, s: queue.RegisterWalkInRequest(lane_id=s.doctor_id), public=True)],
    "QueueService/CallNext": [
        Case(lambda _, s: queue.CallNextRequest(lane_id=s.doctor_id, room="Room 1"), public=True, passed=["LANE_EMPTY"])
    ],
    "QueueService/Recall": [
        Case(
            lambda _, s: queue.RecallRequest(lane_id=s.doctor_id, ticket_id=_NO_TICKET),
            public=True,
            passed=["TICKET_NOT_FOUND"],
        )
    ],
    "QueueService/Skip": [
        Case(
            lambda _, s: queue.SkipRequest(lane_id=s.doctor_id, ticket_id=_NO_TICKET),
            public=True,
            passed=["TICKET_NOT_FOUND"],
        )
    ],
    "QueueService/MoveTicket": [
        Case(
            lambda _, s: queue.MoveTicketRequest(lane_id=s.doctor_id, ticket_id=_NO_TICKET, reason="by request"),
            public=True,
            passed=["TICKET_NOT_FOUND"],
        )
    ],
    "QueueService/CloseLane": [
        Case(lambda _, s: queue.CloseLaneRequest(lane_id=s.doctor_id, reopen=True), public=True)
    ],
    "QueueService/SetAnnouncement": [
        Case(lambda _, s: queue.SetAnnouncementRequest(clinic_id=s.clinic_id, lane_id=s.doctor_id), public=True)
    ],
    "QueueService/ListLanes": [Case(lambda _, s: queue.ListLanesRequest(clinic_id=s.clinic_id), public=True)],
    "QueueService/GetLane": [
        Case(lambda _, s: queue.GetLaneRequest(lane_id=s.doctor_id), public=True, passed=["LANE_NOT_FOUND"])
    ],
    "QueueService/GetQueueRules": [Case(lambda _, s: queue.GetQueueRulesRequest(clinic_id=s.clinic_id), public=True)],
    "QueueService/SetQueueRules": [
        Case(lambda _, s: queue.SetQueueRulesRequest(clinic_id=s.clinic_id, rules=QueueRules()), public=True)
    ],
    "QueueService/WatchQueue": [Case(lambda _, s: queue.WatchQueueRequest(clinic_id=s.clinic_id), public=True)],
}
