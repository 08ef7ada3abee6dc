"""`make alerts-drill`: alerts fired for real, and the seconds that they took, against `make up OBSERVE=1 BACKUP=1`.

The table that it prints goes to docs/alerts.md. It takes about half an hour; with names of alerts as arguments, only
these are fired.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg

from server.local.servers import certificate
from tests.fixtures.stack import Copy, copied
from tests.ops.trouble import family, frozen

LONGEST_SECONDS = 240.0
OF_BACKUPS_SECONDS = 1_200.0
"""Their rules wait for up to a quarter of an hour."""
CALM_SECONDS = 20.0
NO_LIMITS = "address=9000/9000 subject=9000/9000 booking=9000/9000"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is done to the stack, and which alerts have to follow."""

    cause: str
    begin: Callable[[Copy, ExitStack], None]
    alerts: Sequence[str]
    longest: float = LONGEST_SECONDS


def freeze(part: str) -> Callable[[Copy, ExitStack], None]:
    return lambda copy, stack: stack.enter_context(frozen(family(copy.stack()["pids"][part])))


@contextmanager
def bookings(copy: Copy, threads: int = 4) -> Iterator[None]:
    """People who book, each a slot after the other, whatever is answered."""
    stop, found = threading.Event(), copy.stack()
    patient = found["accounts"]["patient"]["patient_id"]
    today = datetime.now(UTC).date()
    client = copy.client("patient")  # now, since nobody gets a token once the database is lost

    def book(number: int) -> None:
        doctor, ahead = found["doctors"][number % len(found["doctors"])], 10
        while not stop.is_set():
            ahead = ahead + 1 if ahead < 80 else 10
            slot = {"doctor_id": doctor, "date": str(today + timedelta(days=ahead)), "time_slot": "09:00"}
            with suppress(httpx.HTTPError):
                client.post("/api/appointments", json={"patient_id": patient, **slot}, timeout=10)
            stop.wait(1.2)

    running = [threading.Thread(target=book, args=(number,), daemon=True) for number in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in running:
            thread.join()
        client.close()


def hang_mail(copy: Copy, stack: ExitStack) -> None:
    freeze("outbox")(copy, stack)
    stack.enter_context(bookings(copy))


def lose_primary(copy: Copy, stack: ExitStack) -> None:
    """It is killed and, as on a machine that is gone, nothing starts it again."""
    stack.enter_context(bookings(copy, threads=12))
    pids = copy.stack()["pids"]
    stack.enter_context(frozen([pids["up"]]))
    os.kill(pids["postgres-primary"], signal.SIGKILL)


def stop_replay(copy: Copy, stack: ExitStack) -> None:
    """The standby answers, and applies nothing of what people write."""
    url = copy.stack()["replica_url"].replace("//yoyaku:", "//postgres:")
    standby = stack.enter_context(psycopg.connect(url, autocommit=True))
    standby.execute("SELECT pg_wal_replay_pause()")
    stack.callback(standby.execute, "SELECT pg_wal_replay_resume()")
    stack.enter_context(bookings(copy))


def lock_days(copy: Copy, stack: ExitStack) -> None:
    """Bookings wait for a lock until every connection of the workers does."""
    session = stack.enter_context(psycopg.connect(copy.stack()["database_url"]))
    session.execute("SET idle_in_transaction_session_timeout = 0")
    session.execute("LOCK TABLE schedule_days IN SHARE MODE")
    stack.enter_context(bookings(copy, threads=40))


def shorten_certificate(copy: Copy, stack: ExitStack) -> None:
    """As an operator replaces one: both files by a rename."""
    scratch, place = copy.root / ".yoyaku" / "new", copy.root / ".yoyaku" / "certificates"
    certificate.keep(scratch, valid=timedelta(days=7))
    for name in ("tls.key", "tls.crt"):
        (scratch / name).replace(place / name)


def lose_sender(copy: Copy, stack: ExitStack) -> None:
    """The notification worker is killed while it waits for a relay that hangs: nobody knows what was sent."""
    hang_mail(copy, stack)
    with psycopg.connect(copy.stack()["database_url"], autocommit=True) as database:
        while not database.execute("SELECT true FROM notifications WHERE status = 'sending'").fetchone():
            time.sleep(0.05)
    os.kill(copy.stack()["pids"]["notifications"], signal.SIGKILL)


def stop_backups(copy: Copy, stack: ExitStack) -> None:
    """They hang; the time of the last one is set back, since nobody waits for a day; no restore was ever checked."""
    with psycopg.connect(copy.stack()["database_url"], autocommit=True) as database:
        steps = "SELECT FROM backup_steps WHERE step IN ('backup', 'copy', 'wal')"
        while len(database.execute(steps).fetchall()) != len(("backup", "copy", "wal")):
            time.sleep(1)
        freeze("backup")(copy, stack)
        database.execute("UPDATE backup_steps SET succeeded_at = now() - interval '26 hours' WHERE step = 'backup'")


TROUBLES = (
    Trouble(
        "a TLS certificate that ends in 7 days takes the old one's place", shorten_certificate, ["CertificateEnds"]
    ),
    Trouble("the standby does not answer (frozen)", freeze("postgres-standby"), ["ReplicaDown"]),
    Trouble("the standby replays nothing of what is written", stop_replay, ["ReplicaLag"]),
    Trouble("Valkey does not answer (frozen)", freeze("valkey"), ["CacheLost", "TokenStoreLost"]),
    Trouble("Envoy does not answer (frozen)", freeze("envoy"), ["EdgeDown"]),
    Trouble("a worker does not answer (frozen)", freeze("worker-1"), ["WorkerDown"]),
    Trouble("the mail relay hangs (frozen)", hang_mail, ["ProviderFailing"]),
    Trouble("the notification worker is killed while the relay hangs", lose_sender, ["DeadLetters"]),
    Trouble(
        "the primary is killed and stays away, people go on booking",
        lose_primary,
        ["NoPrimary", "AvailabilityBudgetBurnsFast"],
    ),
    Trouble("the table of days is locked for a minute", lock_days, ["PoolExhausted"]),
    Trouble(
        "what takes backups hangs (frozen); the last backup is set back by 26 hours, and no restore was checked",
        stop_backups,
        ["WalNotStreamed", "CopyOld", "BackupOld", "RestoreNotChecked"],
        OF_BACKUPS_SECONDS,
    ),
)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as scratch,
        copied(Path(scratch), YOYAKU_OBSERVE="1", YOYAKU_BACKUP="1", YOYAKU_LIMITS=NO_LIMITS) as copy,
    ):
        started = copy.run("up", "--detach")
        if started.returncode:
            sys.exit(started.stdout + started.stderr)
        with bookings(copy, threads=1):
            time.sleep(CALM_SECONDS)
        print("| alert | cause | seconds to fire |\n| --- | --- | ---: |", flush=True)
        chosen = [each for each in TROUBLES if not sys.argv[1:] or {*each.alerts} & {*sys.argv[1:]}]
        missing = [name for trouble in chosen for name in drill(copy, trouble)]
    sys.exit(f"did not fire: {', '.join(missing)}" if missing else 0)


def drill(copy: Copy, trouble: Trouble) -> list[str]:
    """Cause it, print a row for each alert, and return those that did not fire."""
    with ExitStack() as stack:
        began = time.monotonic()
        trouble.begin(copy, stack)
        waited_for = set(trouble.alerts)
        while waited_for and time.monotonic() - began < trouble.longest:
            for name in firing(copy) & waited_for:
                print(f"| `{name}` | {trouble.cause} | {time.monotonic() - began:.0f} |", flush=True)
                waited_for.discard(name)
            time.sleep(1)
    time.sleep(CALM_SECONDS)
    return sorted(waited_for)


def firing(copy: Copy) -> set[str]:
    answer = httpx.get(f"{copy.stack()['prometheus']}/api/v1/alerts", timeout=10).json()
    return {alert["labels"]["alertname"] for alert in answer["data"]["alerts"] if alert["state"] == "firing"}


if __name__ == "__main__":
    main()
