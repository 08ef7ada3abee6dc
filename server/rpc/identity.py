"""AuthService."""

import base64

from db.postgres.identity import SigningKeyRow
from server.usecases.identity import SigningKeys
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1 import signing_key_pb2
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceServicer


class AuthServicer(AuthServiceServicer):
    """Publishes the keys that verify access tokens."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    async def GetSigningKeys(self, request: pb.GetSigningKeysRequest, context: object) -> pb.GetSigningKeysResponse:
        return pb.GetSigningKeysResponse(keys=map(_signing_key, await self._keys.rows()))


def _signing_key(row: SigningKeyRow) -> signing_key_pb2.SigningKey:
    x = base64.urlsafe_b64encode(row.public_key).decode().rstrip("=")
    return signing_key_pb2.SigningKey(kty="OKP", crv="Ed25519", kid=row.kid, x=x, alg="EdDSA", use="sig")
