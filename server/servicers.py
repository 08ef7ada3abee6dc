"""Which use cases each service has."""

from server.parts import Parts
from server.rpc.messages.day_bytes import FORMS
from server.rpc.server import Servicers
from server.rpc.servicers.appointments import AppointmentServicer
from server.rpc.servicers.directory import DirectoryServicer
from server.rpc.servicers.identity import AuthServicer
from server.rpc.servicers.notifications import NotificationServicer
from server.rpc.servicers.records import RecordServicer
from server.rpc.servicers.schedules import ScheduleServicer
from server.usecases.appointments.batch import Batches
from server.usecases.appointments.book import Booking
from server.usecases.appointments.cancel import Cancelling
from server.usecases.appointments.read import Appointments
from server.usecases.appointments.reschedule import Rescheduling
from server.usecases.directory.doctors import Directory
from server.usecases.directory.identifier_systems import IdentifierSystems
from server.usecases.directory.patients import Patients
from server.usecases.identity.devices import Devices
from server.usecases.notifications import Notifications
from server.usecases.records.break_glass import BreakGlass
from server.usecases.records.read import RecordReader
from server.usecases.records.write import RecordWriter
from server.usecases.schedules.availability import Availability
from server.usecases.schedules.search import Searching
from server.usecases.schedules.watch import Watching
from server.usecases.schedules.working_hours import Scheduling


def servicers(parts: Parts) -> Servicers:
    """The servicers of all services."""
    return Servicers(
        appointments=AppointmentServicer(
            Appointments(parts.engine),
            Booking(parts.engine, parts.clock, parts.new_id, parts.announcing),
            Rescheduling(parts.engine, parts.clock, parts.announcing),
            Cancelling(parts.engine, parts.clock, parts.announcing),
            Batches(parts.engine, parts.clock),
            parts.feed,
        ),
        schedules=ScheduleServicer(
            Availability(parts.days),
            Searching(parts.engine, parts.clock),
            Watching(parts.engine, parts.clock, parts.hub, parts.streams, FORMS),
            Scheduling(parts.engine, parts.clock, parts.announcing),
        ),
        directory=DirectoryServicer(
            Directory(parts.engine, parts.clock, parts.new_id, parts.announcing, parts.doctors),
            Patients(parts.engine, parts.clock, parts.new_id, parts.patients, parts.trail),
            IdentifierSystems(parts.engine, parts.clock),
        ),
        auth=AuthServicer(
            parts.keys,
            parts.sessions,
            parts.accounts,
            Devices(parts.engine, parts.token_store, parts.clock, parts.new_id, parts.tokens),
            parts.seal,
        ),
        records=RecordServicer(
            RecordReader(parts.engine, parts.clock, parts.trail, parts.vault),
            RecordWriter(parts.engine, parts.clock, parts.new_id, parts.trail, parts.vault),
            BreakGlass(parts.engine, parts.clock, parts.trail),
        ),
        notifications=NotificationServicer(Notifications(parts.engine, parts.clock)),
    )
