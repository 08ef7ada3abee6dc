"""AuthService: second factors."""

from typing import Any

from server.rpc.calls.current_call import caller
from server.rpc.messages.convert import to_timestamp
from server.usecases.identity.access_tokens import LIFETIME
from server.usecases.identity.second_factors import SecondFactors
from server.usecases.identity.sessions import Grant
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceServicer

EXPIRES_IN = int(LIFETIME.total_seconds())


class SecondFactorServicer(AuthServiceServicer):
    """The methods of AuthService about second factors."""

    _second_factors: SecondFactors

    async def GetSecondFactor(self, request: pb.GetSecondFactorRequest, context: object) -> pb.GetSecondFactorResponse:
        row = await self._second_factors.get(caller())
        if row is None or row.confirmed_at is None:
            return pb.GetSecondFactorResponse()
        confirmed = to_timestamp(row.confirmed_at)
        return pb.GetSecondFactorResponse(confirm_time=confirmed, recovery_codes_left=row.recovery_codes)

    async def EnrolSecondFactor(
        self, request: pb.EnrolSecondFactorRequest, context: object
    ) -> pb.EnrolSecondFactorResponse:
        made = await self._second_factors.enrol(caller())
        until = to_timestamp(made.expires_at)
        return pb.EnrolSecondFactorResponse(secret=made.secret, uri=made.uri, expire_time=until)

    async def ConfirmSecondFactor(
        self, request: pb.ConfirmSecondFactorRequest, context: object
    ) -> pb.ConfirmSecondFactorResponse:
        made = await self._second_factors.confirm(caller(), request.code)
        return pb.ConfirmSecondFactorResponse(recovery_codes=made.recovery_codes, **granted(made.grant))

    async def RenewRecoveryCodes(
        self, request: pb.RenewRecoveryCodesRequest, context: object
    ) -> pb.RenewRecoveryCodesResponse:
        codes = await self._second_factors.renew_codes(caller(), request.code)
        return pb.RenewRecoveryCodesResponse(recovery_codes=codes)

    async def RemoveSecondFactor(
        self, request: pb.RemoveSecondFactorRequest, context: object
    ) -> pb.RemoveSecondFactorResponse:
        grant = await self._second_factors.remove(caller(), request.password, request.code)
        return pb.RemoveSecondFactorResponse(**granted(grant))

    async def ResetSecondFactor(
        self, request: pb.ResetSecondFactorRequest, context: object
    ) -> pb.ResetSecondFactorResponse:
        await self._second_factors.reset(caller(), request.account_id.lower())
        return pb.ResetSecondFactorResponse()


def granted(grant: Grant) -> dict[str, Any]:
    """The fields of an answer that begins or continues a session."""
    return {"access_token": grant.access_token, "refresh_token": grant.refresh_token, "expires_in": EXPIRES_IN}
