"""Access tokens: which ones are believed."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fixtures.book import Clock
from tests.fixtures.clinic import Scene
from tests.rpc.slot_calls import asks, refused

EDGE = (Path(__file__).resolve().parents[2] / "envoy" / "envoy.yaml").read_text()
ENDS_BEYOND: tuple[object, ...] = (10**18, 10**30, -(10**18), 1e300, None, [], "soon")


def jwk_of(key: Ed25519PrivateKey) -> dict[str, str]:
    x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "x": x}


async def claims_of(scene: Scene) -> dict[str, Any]:
    token = await scene.worker.parts.tokens.issue(await scene.book.account("admin"))
    assert token
    return dict(jwt.decode(token, options={"verify_signature": False}))


async def test_tokens_have_the_issuer_and_audience_that_the_edge_asks_for(scene: Scene) -> None:
    claims = await claims_of(scene)
    asked = [(each["issuer"], each["audiences"]) for each in providers_in(yaml.safe_load(EDGE))]
    assert asked == [(claims["iss"], [claims["aud"]])] * 2  # without TLS, and with it


def providers_in(node: Any) -> list[Any]:
    """Those of tokens, wherever they are in Envoy's configuration."""
    if isinstance(node, dict):
        own = list(node["providers"].values()) if "providers" in node else []
        return own + [found for part in node.values() for found in providers_in(part)]
    return [found for part in node for found in providers_in(part)] if isinstance(node, list) else []


async def test_a_call_without_a_token_is_told_to_sign_in(scene: Scene) -> None:
    refusal = await refused(scene.worker.stranger(), asks(scene))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")


async def test_forged_tokens_are_refused(scene: Scene) -> None:
    claims = await claims_of(scene)
    keys = scene.worker.parts.keys
    kid, key = await keys.private()
    other = Ed25519PrivateKey.generate()
    forged = {
        "another key": jwt.encode(claims, other, algorithm="EdDSA", headers={"kid": kid}),
        "an unknown key id": jwt.encode(claims, other, algorithm="EdDSA", headers={"kid": "mine"}),
        "no key id": jwt.encode(claims, key, algorithm="EdDSA"),
        "no algorithm": jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
        "the public key as a secret": jwt.encode(
            claims, (await keys.rows())[0].public_key, algorithm="HS256", headers={"kid": kid}
        ),
        "another issuer": jwt.encode(claims | {"iss": "else"}, key, algorithm="EdDSA", headers={"kid": kid}),
        "another audience": jwt.encode(claims | {"aud": "else"}, key, algorithm="EdDSA", headers={"kid": kid}),
        "a time before which it is not good": jwt.encode(
            claims | {"nbf": int(scene.book.clock.now.timestamp()) + 1}, key, algorithm="EdDSA", headers={"kid": kid}
        ),
        "a key of its own": jwt.encode(
            claims, other, algorithm="EdDSA", headers={"kid": kid, "jwk": jwk_of(other), "jku": "http://127.0.0.1/jwks"}
        ),
        "a path as key id": jwt.encode(claims, other, algorithm="EdDSA", headers={"kid": "../../dev/null"}),
        "a key id that is SQL": jwt.encode(claims, other, algorithm="EdDSA", headers={"kid": "' OR true --"}),
        "a critical header": jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid, "crit": ["exp"]}),
        "roles that are no list": jwt.encode(claims | {"roles": "admin"}, key, algorithm="EdDSA", headers={"kid": kid}),
        **{
            f"an end at {end!r}": jwt.encode(claims | {"exp": end}, key, algorithm="EdDSA", headers={"kid": kid})
            for end in ENDS_BEYOND
        },
        "no token at all": "not.a.token",
        "an empty token": " ",
    }
    for name, token in forged.items():
        refusal = await refused(scene.worker.stranger(token), asks(scene))
        assert refusal.reason in {"TOKEN_INVALID", "TOKEN_MISSING"}, name
        assert refusal.code is grpc.StatusCode.UNAUTHENTICATED
    genuine = jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid})
    client = scene.worker.stranger(genuine)
    await client(client.schedules.ListAvailableSlots, asks(scene))


async def test_an_altered_token_is_refused(scene: Scene) -> None:
    token = await scene.worker.parts.tokens.issue(await scene.book.account("patient"))
    assert token
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    altered = base64.urlsafe_b64encode(json.dumps(claims | {"roles": ["admin"]}).encode()).decode().rstrip("=")
    refusal = await refused(scene.worker.stranger(f"{header}.{altered}.{signature}"), asks(scene))
    assert refusal.reason == "TOKEN_INVALID"


async def test_a_token_ends_after_fifteen_minutes(scene: Scene, clock: Clock) -> None:
    clock.advance(timedelta(minutes=14, seconds=59))
    await scene.slots()
    clock.advance(timedelta(seconds=1))
    refusal = await refused(scene.patient, asks(scene))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
