"""Every method of the contract, called as every role on own, others' and no objects, over gRPC and REST."""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from server.config import Settings
from server.domain.identity import Role
from server.domain.methods import FOR_VISITORS, METHODS
from server.domain.rights import RULES, Action, Scope
from server.local.processes.ports import free
from server.local.servers import workers
from server.local.servers.postgres import PostgresServer
from server.rpc.calls.call_lifecycle import PUBLIC
from tests.edge.envoys import NO_LIMITS, running_envoy, wait_for_readyz
from tests.fixtures.valkey import emptied
from tests.rights.calls import Answer, Grpc, Rest, ids_in, methods
from tests.rights.case import Case
from tests.rights.cases import CASES
from tests.rights.world import Side, World, made
from yoyaku.v1 import record_service_pb2, record_service_pb2_grpc

METHOD = dict(methods())
REFUSED = {"PERMISSION_DENIED", "NOT_FOUND"}
"""A visitor, who has no token, is told to sign in instead."""
NAMED = [(name, number) for name, cases in CASES.items() for number in range(len(cases))]

Ways = tuple[Grpc, Rest]


@pytest.fixture(scope="module")
def stack(
    postgres_cluster: PostgresServer, template: str, valkey_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Ways]]:
    """One worker behind one Envoy, on one database for all cells of the table."""
    postgres_cluster.query(f"CREATE DATABASE rights TEMPLATE {template}")
    key = base64.b64encode(os.urandom(32)).decode()
    url = postgres_cluster.url("rights")
    settings: dict[str, Any] = {"database_url": url, "key_encryption_key": key, **emptied(valkey_port)}
    world, [port] = made(Settings(**settings)), free(1)
    environment = {f"YOYAKU_{name.upper()}": value for name, value in settings.items()}
    directory = tmp_path_factory.mktemp("rights")
    process = workers.launch("worker", directory / "worker.log", port=port, environment=environment)
    try:
        workers.await_ready(process, port)
        with (
            running_envoy(directory / "an edge", workers=[("127.0.0.1", port)], limits=NO_LIMITS) as edge,
            grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
            httpx.Client(base_url=edge.url, timeout=20) as http,
        ):
            wait_for_readyz(edge, 200)
            world.own = _with_record(world.own, channel, world.tokens[Role.DOCTOR])
            world.other = _with_record(world.other, channel, world.others_doctor)
            yield world, (Grpc(channel), Rest(http))
    finally:
        process.stop(seconds=20)
        postgres_cluster.query("DROP DATABASE rights WITH (FORCE)")


def _with_record(side: Side, channel: grpc.Channel, token: str) -> Side:
    request = record_service_pb2.CreateRecordRequest(patient_id=side.patient_id, text=f"text of {side.name}")
    stub = record_service_pb2_grpc.RecordServiceStub(channel)
    answer = stub.CreateRecord(request, metadata=(("authorization", f"Bearer {token}"),), timeout=20)
    return replace(side, record_id=answer.record.id)


def test_every_method_has_its_rule_and_its_case() -> None:
    """Who adds a method to the contract adds a row to METHODS and, unless it needs no token, one to CASES."""
    assert METHODS.keys() == METHOD.keys()
    assert CASES.keys() == {name for name, actions in METHODS.items() if actions}
    assert {name for name, actions in METHODS.items() if not actions} == {
        name.removeprefix("/yoyaku.v1.") for name in PUBLIC
    }
    tested = {action for name, cases in CASES.items() for case in cases for action in case.actions or METHODS[name][:1]}
    assert tested == set(Action) == {action for actions in METHODS.values() for action in actions}


def _ids_of(message: Descriptor) -> set[str]:
    """The fields of a request that name objects, also in its parts."""
    found = {field.name for field in message.fields if field.name.endswith(("_id", "_ids"))}
    parts = [field.message_type for field in message.fields if field.message_type]
    return found.union(*(_ids_of(part) for part in parts if part.file.package == message.file.package))


def test_every_method_that_names_an_object_is_asked_about_those_of_another_clinic() -> None:
    # Notifications are for admins alone, who have no clinic; sessions are looked for among the caller's own.
    for name, cases in CASES.items():
        if _ids_of(METHOD[name].input_type) - {"request_id", "notification_id", "session_id"}:
            assert not all(case.objectless for case in cases), name


@pytest.mark.parametrize(("name", "number"), NAMED)
def test_every_role_may_do_what_the_table_says_and_learns_nothing_else(
    stack: tuple[World, Ways], name: str, number: int
) -> None:
    world, ways = stack
    wrong: list[object] = []
    for role, way in [(role, way) for role in Role for way in ways]:
        cell = Cell(name, CASES[name][number], role)
        asked = {side.name: cell.ask(world, way, side) for side in (world.own, world.other, world.missing)}
        wrong += [
            (role.value, way.name, side, answer)
            for side, answer in asked.items()
            if answer and not cell.is_expected(side, answer, world.other)
        ]
        if not cell.may_know and asked["other"] != asked["missing"]:
            wrong.append((role.value, way.name, "not as if it did not exist", asked))
    assert wrong == []


@dataclass(frozen=True)
class Cell:
    """A request, as one role."""

    name: str
    case: Case
    role: Role

    def ask(self, world: World, way: Grpc | Rest, side: Side) -> Answer | None:
        """The answer, with names in place of the ids that were asked for."""
        request = self.case.request(world, side)
        answer = way(METHOD[self.name], request, world.tokens[self.role])
        return answer and answer.without(ids_in(request))

    @property
    def may_know(self) -> bool:
        """Whether the caller may know of others' objects, though it may not do this to them."""
        scopes = {RULES[action].get(self.role) for action in (*METHODS[self.name], self.case.sees) if action}
        return self.case.public or self.case.objectless or Scope.ANY in scopes

    @property
    def refused(self) -> set[str]:
        """The codes of refusals."""
        return {"UNAUTHENTICATED"} if self.role is Role.VISITOR else REFUSED

    def is_expected(self, side: str, answer: Answer, other: Side) -> bool:
        """Whether an answer on a side is the one that the table promises."""
        actions = self.case.actions or METHODS[self.name][:1]
        scopes = [RULES[action].get(self.role) for action in actions]
        enough = {*Scope} if side == "own" or self.case.objectless else {Scope.ANY}
        if not self.may_know and any(each in answer.text for each in other.private_ids):
            return False
        if self.role is self.case.not_for:
            return answer.code in self.refused
        if (any if self.case.any_action else all)(scope in enough for scope in scopes):
            return answer.code == "OK" or answer.reason in self.case.passed or side == "missing"
        return answer.code == "OK" if self.case.filtered and any(scopes) else answer.code in self.refused


@pytest.mark.parametrize("name", METHODS)
def test_without_a_token_only_what_is_open_to_everybody_is_answered(stack: tuple[World, Ways], name: str) -> None:
    world, ways = stack
    empty = GetMessageClass(METHOD[name].input_type)
    case = next((each for each in CASES.get(name, ()) if each.not_for is not Role.VISITOR), None)
    for way in ways:
        for token in ("", "made.up.token"):
            request = case.request(world, world.own) if case else empty()
            answer = way(METHOD[name], request, token)
            is_open = not METHODS[name] or (name in FOR_VISITORS and not token)
            assert answer is None or (answer.code == "UNAUTHENTICATED") != is_open, (way.name, answer)
