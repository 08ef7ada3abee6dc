"""The rotation of signing keys, step by step."""

from datetime import timedelta

import jwt

from tests.fixtures.book import Clock
from tests.fixtures.clinic import Scene
from yoyaku.v1 import auth_service_pb2, auth_service_pb2_grpc

CACHE = timedelta(minutes=1)


async def published(scene: Scene) -> list[str]:
    stub = auth_service_pb2_grpc.AuthServiceStub(scene.worker.channel)
    return [key.kid for key in (await stub.GetSigningKeys(auth_service_pb2.GetSigningKeysRequest())).keys]


async def token(scene: Scene) -> tuple[str, str]:
    """A fresh token, and the key that it was signed with."""
    issued = await scene.worker.parts.tokens.issue(await scene.book.account("admin"))
    assert issued
    return issued, jwt.get_unverified_header(issued)["kid"]


async def test_the_next_key_is_published_two_cache_times_before_it_signs(scene: Scene, clock: Clock) -> None:
    keys = scene.worker.parts.keys
    [first] = await published(scene)
    made = await keys.rotate()
    assert made.signs_from == clock.now + 2 * CACHE
    # What a worker remembers of the keys is some seconds old.
    clock.advance(timedelta(seconds=5))
    assert await published(scene) == [made.kid, first]
    clock.advance(2 * CACHE - timedelta(seconds=6))
    before, kid = await token(scene)
    assert kid == first
    clock.advance(timedelta(seconds=1))
    after, kid = await token(scene)
    assert kid == made.kid
    for each in (before, after):
        assert await scene.slots(client=scene.worker.stranger(each))


async def test_while_a_key_waits_to_sign_no_other_is_made(scene: Scene, clock: Clock) -> None:
    keys = scene.worker.parts.keys
    waiting = await keys.rotate()
    assert await keys.rotate() == waiting
    clock.advance(2 * CACHE)
    assert await keys.rotate() != waiting


async def test_a_key_is_forgotten_once_its_last_token_has_ended(scene: Scene, clock: Clock) -> None:
    parts = scene.worker.parts
    [first] = await published(scene)
    second = await parts.keys.rotate()
    clock.advance(2 * CACHE + timedelta(minutes=59))
    await parts.housekeeping.forget_keys()
    assert await published(scene) == [second.kid, first]
    clock.advance(timedelta(minutes=2))
    await parts.housekeeping.forget_keys()
    clock.advance(timedelta(seconds=5))
    assert await published(scene) == [second.kid]
    assert (await token(scene))[1] == second.kid
