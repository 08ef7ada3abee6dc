"""The parts of the program, as `server.wiring` puts them together."""

from dataclasses import dataclass, field

from db.postgres.cluster.engines import Engine
from db.postgres.directory.doctors import DoctorRow
from db.postgres.directory.patients import FullPatientRow
from db.valkey.client import Valkey
from db.valkey.signer import Signer
from server.domain.ids import Clock, IdMaker
from server.log_level import LogLevel
from server.metric_sources import BackupTimes, Valkeys
from server.rpc.calls.stalled_readers import StalledReaders
from server.rpc.server import GrpcServer
from server.usecases.appointments.feed import Feed
from server.usecases.appointments.no_shows import NoShows
from server.usecases.appointments.status import StatusChanger
from server.usecases.directory.profile_cache import ProfileCache
from server.usecases.identity.access_tokens import AccessTokens
from server.usecases.identity.accounts import Accounts
from server.usecases.identity.password_offers import ForgottenPasswords
from server.usecases.identity.passwords import Passwords
from server.usecases.identity.second_factor.set_up import SecondFactors
from server.usecases.identity.sessions import Sessions
from server.usecases.identity.signing_keys import SigningKeys
from server.usecases.keyrings import KeyRing
from server.usecases.links import AppointmentLinks
from server.usecases.maintenance.capacity import Capacity
from server.usecases.maintenance.housekeeping import Housekeeping
from server.usecases.move_offers.run import MoveOffers
from server.usecases.queue.read import Lanes
from server.usecases.queue.watch import QueueWatch
from server.usecases.records.audit_trail import AuditTrail
from server.usecases.records.encryption import RecordCipher
from server.usecases.records.keys import RecordKeys
from server.usecases.schedules.live.announcing import DayAnnouncer
from server.usecases.schedules.live.days import Days
from server.usecases.schedules.live.hub import Hub
from server.usecases.sealing import Seal
from server.usecases.stream_places import StreamPlaces
from server.usecases.streams import Streams


@dataclass(slots=True)
class Parts:
    """The parts of the program, made from the settings and ready to use."""

    engine: Engine
    cache: Valkey
    token_store: Valkey
    clock: Clock
    new_id: IdMaker
    keys: SigningKeys
    tokens: AccessTokens
    cipher: RecordCipher
    trail: AuditTrail
    audit_keys: KeyRing
    record_keys: RecordKeys
    archive_keys: KeyRing
    passwords: Passwords
    sessions: Sessions
    links: AppointmentLinks
    seal: Seal
    """Encrypts the stored answers of idempotent writes that contain secrets."""
    housekeeping: Housekeeping
    capacity: Capacity
    streams: Streams
    places: StreamPlaces
    feed: Feed
    signer: Signer
    stalled_readers: StalledReaders
    days: Days
    doctors: ProfileCache[DoctorRow]
    patients: ProfileCache[FullPatientRow]
    announcer: DayAnnouncer
    hub: Hub
    valkeys: Valkeys
    log_level: LogLevel
    backup_times: BackupTimes = field(init=False)
    accounts: Accounts = field(init=False)
    second_factors: SecondFactors = field(init=False)
    forgotten: ForgottenPasswords = field(init=False)
    status: StatusChanger = field(init=False)
    no_shows: NoShows = field(init=False)
    move_offers: MoveOffers = field(init=False)
    lanes: Lanes = field(init=False)
    queue_watch: QueueWatch = field(init=False)
    server: GrpcServer = field(init=False)
    """Made last, out of the others."""
