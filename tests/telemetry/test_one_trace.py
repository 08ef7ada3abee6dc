"""One trace of a booking, from REST to the delivered mail, through the whole stack."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from tests.fixtures.collector import Collector, Span, collecting, tree
from tests.fixtures.stack import Copy, copied
from tests.fixtures.waiting import eventually

BOOKINGS = 8
LARGEST_GAP = 0.05
CREATE = "/yoyaku.v1.AppointmentService/CreateAppointment"
SERVER, CLIENT = 2, 3


def book(copy: Copy) -> None:
    """Book some slots over REST, one after another; the first ones find connections and caches cold."""
    stack, first = copy.stack(), datetime.now(UTC).date() + timedelta(days=20)
    with copy.client("patient") as client:
        for number in range(BOOKINGS):
            slot = {"date": (first + timedelta(days=number)).isoformat(), "time_slot": "10:00"}
            body = {"patient_id": stack["accounts"]["patient"]["patient_id"], "doctor_id": stack["doctors"][0], **slot}
            assert client.post("/api/appointments", json=body).status_code == 201
            time.sleep(0.2)


def whole_traces(collector: Collector) -> list[list[Span]]:
    """The traces that have arrived from their beginning at the edge to the mail's entry in the ledger, whole."""
    found = [collector.trace(each.trace) for each in list(collector.spans) if each.name == CREATE and not each.parent]
    return [
        each
        for each in found
        if any(span.name == "enter in the ledger" for span in each)
        and {span.parent for span in each} <= {"", *(span.id for span in each)}
    ]


def gaps(spans: list[Span], of: Span) -> list[float]:
    """The parts of a span that no step and no event of it explains, as parts of the whole call.

    An event explains the time before it: until then, what it names was waited for.
    """
    events = [at for at, _, _ in of.events]
    steps = [(each.began, each.ended) for each in spans if each.parent == of.id and each.began < of.ended]
    steps = sorted([*steps, *zip(events, events, strict=True)])
    ends = [of.began, *(ended for _, ended in steps)]
    begins = [*(began for began, _ in steps), of.ended]
    whole = spans[0].ended - spans[0].began
    return [(begin - end) / whole for end, begin in zip(ends, begins, strict=True) if begin not in events]


def test_one_trace_leads_from_rest_to_the_delivered_mail(tmp_path: Path) -> None:
    with collecting() as collector:
        with copied(tmp_path, YOYAKU_TRACES_ENDPOINT=collector.url, YOYAKU_TRACES_PERCENT="100") as copy:
            assert copy.run("up", "--detach").returncode == 0
            book(copy)
            outbox = copy.root / ".yoyaku" / "outbox"
            eventually(lambda: len([each for each in outbox.rglob("*") if each.is_file()]) >= BOOKINGS)
            traces = eventually(lambda: len(found := whole_traces(collector)) == BOOKINGS and found)
        assert traces
    largest = []
    for spans in traces:
        edge, to_worker, call = spans[:3]
        assert [each.service for each in spans[:3]] == ["yoyaku-edge", "yoyaku-edge", "yoyaku-server"]
        assert (edge.kind, to_worker.kind, call.kind) == (SERVER, CLIENT, SERVER)
        assert (edge.parent, to_worker.parent, call.parent) == ("", edge.id, to_worker.id)
        known = {each.id for each in spans}
        assert all(each.parent in known for each in spans[1:])
        assert {each.service for each in spans} == {"yoyaku-edge", "yoyaku-server", "yoyaku-notifications"}
        statements = " ".join(str(each.attributes.get("db.query.summary", "")) for each in spans)
        for name in ("appointments.insert", "feed.add", "notifications.enter", "notifications.take_up", "COMMIT"):
            assert name in statements
        assert {"announce", "plan", "claim", "send", "announce days", "valkey read marks"} <= {
            each.name for each in spans
        }
        (use_case,) = [each for each in spans if each.name == "appointments.book"]
        largest.append(max(gaps(spans, call) + gaps(spans, use_case)))
    print(f"\n{tree(traces[-1])}\n\nlargest gaps, in order: {', '.join(f'{each:.1%}' for each in largest)}")  # noqa: T201
    # Other programs of this machine cause gaps too, but not in most of the traces.
    assert median(largest) <= LARGEST_GAP
