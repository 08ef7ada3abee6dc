"""Which use cases each service has."""

from server.parts import Parts
from server.rpc.messages.day_bytes import FORMS
from server.rpc.server import Servicers
from server.rpc.servicers.appointments import AppointmentServicer
from server.rpc.servicers.directory import DirectoryServicer
from server.rpc.servicers.identity import AuthServicer
from server.rpc.servicers.notifications import NotificationServicer
from server.rpc.servicers.queue import QueueServicer
from server.rpc.servicers.records import RecordServicer
from server.rpc.servicers.reports import ReportServicer
from server.rpc.servicers.schedules import ScheduleServicer
from server.usecases.appointments.batch import Batches
from server.usecases.appointments.book import Booker
from server.usecases.appointments.by_link import LinkAnswers
from server.usecases.appointments.cancel import Canceller
from server.usecases.appointments.holds.ends import Holds
from server.usecases.appointments.read import Appointments
from server.usecases.appointments.reschedule import Rescheduler
from server.usecases.appointments.resources.swap import ResourceSwapper
from server.usecases.appointments.series.cancel import SeriesCanceller
from server.usecases.appointments.series.create import SeriesBooker
from server.usecases.appointments.series.move import SeriesMover
from server.usecases.directory.clinics import Clinics
from server.usecases.directory.doctors import Directory
from server.usecases.directory.identifier_systems import IdentifierSystems
from server.usecases.directory.patient_changes import PatientEditor
from server.usecases.directory.patients import Patients
from server.usecases.identity.account_list import AccountList
from server.usecases.identity.devices import Devices
from server.usecases.move_offers.by_staff import OffersByStaff
from server.usecases.move_offers.read import MoveOfferReader
from server.usecases.notifications import Notifications
from server.usecases.queue.desk import QueueDesk
from server.usecases.queue.rules import RuleBook
from server.usecases.records.break_glass import BreakGlass
from server.usecases.records.read import RecordReader
from server.usecases.records.write import RecordWriter
from server.usecases.registrations import Registrations
from server.usecases.reports.read import Reports
from server.usecases.representatives.add import RepresentativeAdder
from server.usecases.representatives.changes import RepresentativeChanges
from server.usecases.representatives.end import RepresentativeEnder
from server.usecases.representatives.read import RepresentativeReader
from server.usecases.schedules.appointment_types import AppointmentTypes
from server.usecases.schedules.availability import Availability
from server.usecases.schedules.available_days import AvailableDays
from server.usecases.schedules.extra_sessions import ExtraSessions
from server.usecases.schedules.resources import Resources
from server.usecases.schedules.search import SlotFinder
from server.usecases.schedules.watch import SlotWatch
from server.usecases.schedules.working_hours import WorkingHours
from server.usecases.time_off.new_hours import HoursSetter
from server.usecases.time_off.read import TimeOffReader
from server.usecases.time_off.write import TimeOffWriter


def servicers(parts: Parts) -> Servicers:
    """The servicers of all services."""
    representatives = RepresentativeReader(parts.engine, parts.clock)
    changes = RepresentativeChanges(parts.new_id, parts.trail)
    return Servicers(
        appointments=_appointments(parts),
        queue=QueueServicer(
            parts.status,
            QueueDesk(parts.engine, parts.clock, parts.new_id),
            parts.lanes,
            RuleBook(parts.engine, parts.clock),
            parts.queue_watch,
        ),
        schedules=_schedules(parts),
        directory=DirectoryServicer(
            Directory(parts.engine, parts.clock, parts.new_id, parts.announcer, parts.doctors),
            Patients(parts.engine, parts.clock, parts.new_id, parts.patients),
            PatientEditor(parts.engine, parts.clock, parts.new_id, parts.patients, parts.trail),
            IdentifierSystems(parts.engine, parts.clock),
            Clinics(parts.engine, parts.clock, parts.new_id, parts.announcer, parts.doctors),
            RepresentativeAdder(parts.engine, parts.clock, parts.new_id, changes),
            RepresentativeEnder(parts.engine, parts.clock, changes, parts.patients),
            representatives,
        ),
        auth=AuthServicer(
            parts.keys,
            parts.sessions,
            parts.accounts,
            AccountList(parts.engine),
            parts.forgotten,
            parts.second_factors,
            Registrations(parts.engine, parts.token_store, parts.clock, parts.new_id, parts.passwords, parts.sessions),
            Devices(parts.engine, parts.token_store, parts.signer, parts.clock, parts.new_id, parts.tokens),
            representatives,
            parts.seal,
        ),
        records=RecordServicer(
            RecordReader(parts.engine, parts.clock, parts.trail, parts.cipher),
            RecordWriter(parts.engine, parts.clock, parts.new_id, parts.trail, parts.cipher),
            BreakGlass(parts.engine, parts.clock, parts.trail),
        ),
        notifications=NotificationServicer(Notifications(parts.engine, parts.clock)),
        reports=ReportServicer(Reports(parts.engine, parts.clock)),
    )


def _appointments(parts: Parts) -> AppointmentServicer:
    canceller = Canceller(parts.engine, parts.clock, parts.announcer)
    rescheduler = Rescheduler(parts.engine, parts.clock, parts.announcer)
    slots = Availability(parts.days, parts.engine, parts.clock, FORMS)
    return AppointmentServicer(
        Appointments(parts.engine),
        Booker(parts.engine, parts.clock, parts.new_id, parts.announcer),
        rescheduler,
        canceller,
        Holds(parts.engine, parts.clock, parts.announcer),
        SeriesBooker(parts.engine, parts.clock, parts.new_id, parts.announcer),
        SeriesMover(parts.engine, parts.clock, parts.announcer),
        SeriesCanceller(parts.engine, parts.clock, parts.announcer),
        ResourceSwapper(parts.engine, parts.clock, parts.announcer),
        parts.status,
        Batches(parts.engine, parts.clock),
        parts.feed,
        LinkAnswers(parts.engine, parts.clock, parts.links, canceller, rescheduler, parts.status, slots),
    )


def _schedules(parts: Parts) -> ScheduleServicer:
    return ScheduleServicer(
        Availability(parts.days, parts.engine, parts.clock, FORMS),
        SlotFinder(parts.engine, parts.clock),
        AvailableDays(parts.days, parts.engine),
        SlotWatch(parts.engine, parts.clock, parts.hub, parts.streams, FORMS),
        WorkingHours(parts.engine, parts.clock),
        HoursSetter(parts.engine, parts.clock, parts.new_id, parts.announcer),
        AppointmentTypes(parts.engine, parts.clock, parts.new_id),
        Resources(parts.engine, parts.clock, parts.new_id),
        ExtraSessions(parts.engine, parts.clock, parts.announcer),
        TimeOffReader(parts.engine, parts.clock),
        TimeOffWriter(parts.engine, parts.clock, parts.new_id, parts.announcer),
        MoveOfferReader(parts.engine, parts.clock),
        OffersByStaff(parts.engine, parts.clock, Rescheduler(parts.engine, parts.clock, parts.announcer)),
    )
