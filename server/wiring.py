"""Puts the program together: the same for production and for tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from random import SystemRandom

from db.postgres.cluster.clock import database_clock
from db.postgres.cluster.engines import Engine, create_engine
from db.postgres.directory.doctors import DoctorRow
from db.postgres.directory.patients import FullPatientRow
from db.valkey.cache_breaker import CacheBreaker
from db.valkey.client import Valkey, create_client
from db.valkey.read_marks import ReadMarks
from db.valkey.signer import Signer
from db.valkey.stream_counts import StreamCounts
from server.config import Settings
from server.domain.ids import Clock, IdMaker, system_clock, uuid7_maker
from server.log_level import LogLevel
from server.metric_sources import BackupTimes, Valkeys
from server.parts import Parts
from server.rpc.calls.call_lifecycle import Callers
from server.rpc.calls.stalled_readers import StalledReaders
from server.rpc.messages.day_bytes import FORMS
from server.rpc.messages.queue import QUEUE_FORMS
from server.rpc.server import GrpcServer
from server.servicer_wiring import servicers
from server.usecases.appointments.book import Booker
from server.usecases.appointments.feed import Feed
from server.usecases.appointments.holds.ends import Holds
from server.usecases.appointments.no_shows import NoShows
from server.usecases.appointments.status import StatusChanger
from server.usecases.directory.profile_cache import DOCTOR_LIFE, PATIENT_LIFE, ProfileCache
from server.usecases.identity.access_tokens import AccessTokens
from server.usecases.identity.accounts import Accounts
from server.usecases.identity.certificates import Certificates
from server.usecases.identity.password_offers import ForgottenPasswords, PasswordOffers
from server.usecases.identity.passwords import Passwords
from server.usecases.identity.second_factor.check import SecondFactorCheck
from server.usecases.identity.second_factor.set_up import SecondFactors
from server.usecases.identity.sessions import Sessions
from server.usecases.identity.signing_keys import SigningKeys, key_encryption_key
from server.usecases.identity.visitors import Visitors
from server.usecases.keyrings import KeyRing, key_ring
from server.usecases.links import appointment_links
from server.usecases.maintenance.capacity import Capacity
from server.usecases.maintenance.housekeeping import Housekeeping
from server.usecases.move_offers.make import OfferMaker
from server.usecases.move_offers.run import MoveOffers
from server.usecases.queue.read import Lanes
from server.usecases.queue.watch import QueueWatch
from server.usecases.records.audit_trail import AuditTrail
from server.usecases.records.encryption import RecordCipher
from server.usecases.records.keys import RecordKeys
from server.usecases.schedules.live.announcing import DayAnnouncer
from server.usecases.schedules.live.days import Days
from server.usecases.schedules.live.hub import Hub
from server.usecases.schedules.live.rendering import DayRenderer
from server.usecases.sealing import Seal, derived, signer_of_valkey
from server.usecases.stream_places import StreamPlaces
from server.usecases.streams import Streams


@asynccontextmanager
async def wired(settings: Settings, clock: Clock | None = None, *, wall: Clock = system_clock) -> AsyncIterator[Parts]:
    """All parts of a process, closed at the end. KeyEncryptionKeyError and KeyRingError for malformed keys.

    Without a `clock` they use that of the database; `wall` is this machine's clock, which is compared with it.
    """
    async with AsyncExitStack() as stack:
        secret = key_encryption_key(settings.key_encryption_key.get_secret_value())
        engine, cache = await _engine_and_cache(stack, settings, signer_of_valkey(secret))
        if clock is None:
            clock = await stack.enter_async_context(database_clock(engine, wall))
        token_store = create_client(*settings.token_store)
        stack.push_async_callback(token_store.aclose)
        parts = _parts(stack, settings, secret, engine, cache, token_store, clock)
        parts.backup_times = BackupTimes(engine)
        _add_accounts(parts, settings)
        _add_clinic_day(parts)
        certificates = Certificates(engine, clock, parts.tokens, settings.edge_key.get_secret_value())
        callers = Callers(parts.tokens, certificates, Visitors(engine))
        parts.server = GrpcServer(servicers(parts), callers, parts.stalled_readers)
        yield parts


def _parts(
    stack: AsyncExitStack,
    settings: Settings,
    secret: bytes,
    engine: Engine,
    cache: Valkey,
    token_store: Valkey,
    clock: Clock,
) -> Parts:
    new_id, signer = uuid7_maker(clock), signer_of_valkey(secret)
    keys, tokens = _tokens(settings, secret, engine, clock, new_id)
    passwords = _passwords(stack, settings)
    sessions = _sessions(engine, token_store, secret, clock, new_id, tokens, passwords)
    breaker = _breaker(stack, cache)
    streams, places = _streams(breaker, signer, clock, new_id, tokens)
    days, doctors, patients = _days_and_profiles(stack, engine, breaker, signer, clock)
    audit_keys, archive_keys, cipher = _record_keys(settings, secret)
    return Parts(
        engine=engine,
        cache=cache,
        token_store=token_store,
        clock=clock,
        new_id=new_id,
        keys=keys,
        tokens=tokens,
        cipher=cipher,
        trail=AuditTrail(audit_keys),
        audit_keys=audit_keys,
        record_keys=RecordKeys(engine, cipher),
        archive_keys=archive_keys,
        passwords=passwords,
        sessions=sessions,
        links=appointment_links(secret),
        seal=Seal(secret, "answers with secrets"),
        housekeeping=Housekeeping(engine, clock, patients),
        capacity=Capacity(engine, settings.tasks),
        streams=streams,
        places=places,
        feed=Feed(engine, clock, streams),
        signer=signer,
        stalled_readers=StalledReaders(settings.stalled_reader_seconds),
        days=days,
        doctors=doctors,
        patients=patients,
        announcer=DayAnnouncer(days),
        hub=Hub(days, engine, cache, signer, clock),
        valkeys=Valkeys({"cache": cache, "tokens": token_store}),
        log_level=LogLevel(cache, signer, settings.log_level),
    )


def _add_accounts(parts: Parts, settings: Settings) -> None:
    engine, clock, new_id = parts.engine, parts.clock, parts.new_id
    offers = PasswordOffers(new_id, by_mail=bool(settings.public_url))
    parts.accounts = Accounts(engine, clock, new_id, parts.passwords, parts.sessions, offers)
    parts.second_factors = SecondFactors(engine, clock, new_id, parts.accounts, parts.sessions)
    parts.forgotten = ForgottenPasswords(engine, parts.token_store, clock, new_id, offers)


def _add_clinic_day(parts: Parts) -> None:
    """What the clinic's day needs: steps of visits, no-shows, offers to move, queues."""
    parts.status = StatusChanger(parts.engine, parts.clock, parts.new_id, parts.announcer)
    parts.no_shows = NoShows(parts.engine, parts.clock, parts.status)
    maker = OfferMaker(parts.engine, parts.clock, Booker(parts.engine, parts.clock, parts.new_id, parts.announcer))
    holds = Holds(parts.engine, parts.clock, parts.announcer)
    parts.move_offers = MoveOffers(parts.engine, parts.clock, maker, holds)
    parts.lanes = Lanes(parts.engine, parts.clock)
    parts.queue_watch = QueueWatch(parts.lanes, parts.clock, parts.streams, QUEUE_FORMS)


def _tokens(
    settings: Settings, secret: bytes, engine: Engine, clock: Clock, new_id: IdMaker
) -> tuple[SigningKeys, AccessTokens]:
    keys = SigningKeys(engine, clock, secret, timedelta(seconds=settings.keys_cache_seconds))
    return keys, AccessTokens(engine, clock, new_id, keys, settings.second_factor_roles.split(","))


def _sessions(
    engine: Engine,
    token_store: Valkey,
    secret: bytes,
    clock: Clock,
    new_id: IdMaker,
    tokens: AccessTokens,
    passwords: Passwords,
) -> Sessions:
    second_factor = SecondFactorCheck(engine, token_store, clock, new_id, secret)
    signer, successors = signer_of_valkey(secret), derived(secret, "successors of refresh tokens")
    return Sessions(engine, token_store, signer, clock, new_id, tokens, passwords, second_factor, successors)


def _passwords(stack: AsyncExitStack, settings: Settings) -> Passwords:
    passwords = Passwords(threads=settings.password_threads, queue=settings.password_queue)
    stack.callback(passwords.close)
    return passwords


def _breaker(stack: AsyncExitStack, cache: Valkey) -> CacheBreaker:
    breaker = CacheBreaker(cache)
    stack.push_async_callback(breaker.aclose)
    return breaker


def _streams(
    breaker: CacheBreaker, signer: Signer, clock: Clock, new_id: IdMaker, tokens: AccessTokens
) -> tuple[Streams, StreamPlaces]:
    places = StreamPlaces(breaker, StreamCounts(signer, new_id()), clock)
    return Streams(clock, SystemRandom(), tokens.is_revoked, places), places


def _days_and_profiles(
    stack: AsyncExitStack, engine: Engine, breaker: CacheBreaker, signer: Signer, clock: Clock
) -> tuple[Days, ProfileCache[DoctorRow], ProfileCache[FullPatientRow]]:
    """What is kept in Valkey."""
    days = Days(engine, DayRenderer(engine, clock, FORMS), breaker, signer, clock)
    doctors = ProfileCache(engine, breaker, signer, clock, lambda: days.epoch, "doctor", DoctorRow, DOCTOR_LIFE)
    patients = ProfileCache(engine, breaker, signer, clock, lambda: days.epoch, "patient", FullPatientRow, PATIENT_LIFE)
    for profiles in (doctors, patients):
        stack.push_async_callback(profiles.aclose)
    return days, doctors, patients


def _record_keys(settings: Settings, secret: bytes) -> tuple[KeyRing, KeyRing, RecordCipher]:
    """The keys of the audit trail and of archives, and the cipher of medical records (KeyRingError)."""
    masters = key_ring("YOYAKU_RECORD_MASTER_KEYS", settings.record_master_keys.get_secret_value(), secret)
    audit_keys = key_ring("YOYAKU_RECORD_AUDIT_KEYS", settings.record_audit_keys.get_secret_value(), secret)
    archive_keys = key_ring("YOYAKU_ARCHIVE_KEYS", settings.archive_keys.get_secret_value(), secret)
    return audit_keys, archive_keys, RecordCipher(masters, derived(secret, "digests of requests"))


async def _engine_and_cache(stack: AsyncExitStack, settings: Settings, signer: Signer) -> tuple[Engine, Valkey]:
    """The database, and the Valkey in which read marks are kept if there are replicas to read from."""
    engine = create_engine(
        settings.database_url.get_secret_value(),
        size=settings.pool_size,
        wait_seconds=settings.pool_wait_seconds,
        application="yoyaku",
    )
    stack.push_async_callback(engine.dispose)
    cache = create_client(*settings.cache)
    stack.push_async_callback(cache.aclose)
    if len(engine.nodes) > 1:
        engine.marks = ReadMarks(cache, signer)
        stack.push_async_callback(engine.marks.aclose)
        await stack.enter_async_context(engine.watched())
    return engine, cache
