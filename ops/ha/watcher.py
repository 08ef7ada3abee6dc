"""Runs beside each Patroni and takes the primary's place away from a node that is silent altogether.

    .venv-ha/bin/python ops/ha/watcher.py ops/ha/patroni.yml     (with the environment of the node's Patroni)

Patroni lets a silent primary keep its key in etcd for `ttl`, at least 20 seconds. If a majority of the nodes get no
answer for three seconds, neither from its Patroni nor from its PostgreSQL, the key is deleted; then Patroni elects as
ever. docs/adr/0017 says why that is safe.
"""

import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

from patroni.config import Config
from patroni.dcs import Cluster, Leader, Member, get_dcs
from patroni.dcs.etcd3 import base64_encode
from patroni.request import PatroniRequest

SILENT_SECONDS = 3.0
LOOK_SECONDS = 0.5
ANSWER_SECONDS = 1.0
"""How long a node may take to answer."""
LONGEST_LOOK_SECONDS = 5.0
"""Whoever takes longer was frozen itself, and knows nothing."""
VOTE_SECONDS = 5
LEAST_VOTES = 2
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL answers it with a letter, whether it has TLS or not, before anybody signs in."""


class Watcher:
    """What one node knows of the primary; `look` is called again and again."""

    def __init__(self, config: Config) -> None:
        self._name = config["name"]
        # As patronictl: reads are linearizable, and it has no lease of its own.
        self._dcs = get_dcs(config.copy() | {"patronictl": True})
        self._request = PatroniRequest(config, True)
        self._threads = ThreadPoolExecutor(2)
        self._silent_since: float | None = None
        self._looked_at = time.monotonic()

    def look(self) -> None:
        """Ask the primary; once it has been silent for long enough, say so, and act when a majority says so."""
        cluster = self._dcs.get_cluster()
        leader = self._watched(cluster)
        began = time.monotonic()
        is_silent = leader is not None and not self._answers(leader)
        now = time.monotonic()
        fresh = now - self._looked_at <= LONGEST_LOOK_SECONDS
        self._looked_at = now
        if leader is None or not is_silent or not fresh:
            self._silent_since = None
            return
        self._silent_since = self._silent_since or began
        if now - self._silent_since < SILENT_SECONDS:
            return
        votes, needed = self._vote(leader), max(LEAST_VOTES, len(cluster.members) // 2 + 1)
        say(f"{leader.name} is silent, {votes} of {needed} say so")
        if votes >= needed and self._take_place_away(cluster, leader):
            say(f"{leader.name} is not the primary any more")

    def _watched(self, cluster: Cluster) -> Leader | None:
        """The primary, unless it is this node, nobody may take its place, or people have paused Patroni."""
        is_paused = bool(cluster.config and cluster.config.data.get("pause"))
        found = cluster.leader
        if is_paused or not found or found.name == self._name or not found.member.api_url or not cluster.sync.voters:
            return None
        return found

    def _answers(self, leader: Leader) -> bool:
        """Whether its Patroni or its PostgreSQL says anything, both asked at once."""
        return any([*self._threads.map(lambda ask: ask(leader.member), (self._patroni_answers, postgres_answers))])

    def _patroni_answers(self, member: Member) -> bool:
        with suppress(Exception):  # of urllib3, http.client, ssl and others
            self._request(member, "GET", "liveness", timeout=ANSWER_SECONDS, retries=0)
            return True
        return False

    def _vote(self, leader: Leader) -> int:
        """Say for some seconds that this primary is silent; how many nodes say so now."""
        client, said = self._dcs._client, f"{leader.name} {leader.version}"  # noqa: SLF001  # Patroni has no other
        client.put(self._dcs.client_path(f"silent/{self._name}"), said, client.lease_grant(VOTE_SECONDS))
        found = client.prefix(self._dcs.client_path("silent/"), serializable=False)
        return [row["value"] for row in found["kvs"]].count(base64_encode(said))

    def _take_place_away(self, cluster: Cluster, leader: Leader) -> bool:
        """Delete the primary's key, if nothing has changed since it was read.

        /sync gets a new revision, so that a primary that lives after all cannot change any more on whom its commits
        wait: Patroni changes it only if it has the revision that Patroni has read.
        """
        lead, sync = base64_encode(self._dcs.leader_path), base64_encode(self._dcs.sync_path)
        asked = {
            "compare": [
                {"key": lead, "target": "MOD", "mod_revision": leader.version},
                {"key": sync, "target": "MOD", "mod_revision": cluster.sync.version},
            ],
            "success": [
                {"request_delete_range": {"key": lead}},
                {"request_put": {"key": sync, "ignore_value": True}},
            ],
        }
        return bool(self._dcs._client.call_rpc("/kv/txn", asked).get("succeeded"))  # noqa: SLF001


def postgres_answers(member: Member) -> bool:
    """Whether PostgreSQL begins to talk with somebody who connects."""
    address = urlsplit(member.conn_url or "")
    place = address.hostname, address.port or 5432
    with suppress(OSError), socket.create_connection(place, ANSWER_SECONDS) as connection:
        connection.sendall(_SSL_REQUEST)
        return bool(connection.recv(1))
    return False


def say(text: str) -> None:
    """A line for the log."""
    print(text, flush=True)  # noqa: T201


def main() -> None:
    """Until a signal ends it."""
    watcher = Watcher(Config(sys.argv[1], validator=None))
    while True:
        try:
            watcher.look()
        except Exception as error:  # etcd does not answer, say: the next look may succeed
            say(f"{type(error).__name__}: {error}")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
