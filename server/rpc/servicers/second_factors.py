"""AuthService: second factors."""

from server.domain.typed_codes import six_digits
from server.rpc.calls.current_call import caller
from server.rpc.messages.convert import to_timestamp
from server.rpc.servicers.account_sessions import AccountSessionServicer, Context, calling_device, granted
from server.usecases.identity.second_factor.set_up import SecondFactors
from yoyaku.v1 import auth_service_pb2 as pb


class SecondFactorServicer(AccountSessionServicer):
    """The methods of AuthService about second factors."""

    _second_factors: SecondFactors

    async def GetSecondFactor(self, request: pb.GetSecondFactorRequest, context: Context) -> pb.GetSecondFactorResponse:
        row = await self._second_factors.get(caller())
        if row is None or row.confirmed_at is None:
            return pb.GetSecondFactorResponse()
        confirmed = to_timestamp(row.confirmed_at)
        return pb.GetSecondFactorResponse(confirm_time=confirmed, recovery_codes_left=row.recovery_codes)

    async def EnrolSecondFactor(
        self, request: pb.EnrolSecondFactorRequest, context: Context
    ) -> pb.EnrolSecondFactorResponse:
        made = await self._second_factors.enrol(caller(), request.password)
        until = to_timestamp(made.expires_at)
        return pb.EnrolSecondFactorResponse(secret=made.secret, uri=made.uri, expire_time=until)

    async def ConfirmSecondFactor(
        self, request: pb.ConfirmSecondFactorRequest, context: Context
    ) -> pb.ConfirmSecondFactorResponse:
        made = await self._second_factors.confirm(caller(), six_digits("code", request.code), calling_device(context))
        return pb.ConfirmSecondFactorResponse(recovery_codes=made.recovery_codes, **granted(made.grant))

    async def RenewRecoveryCodes(
        self, request: pb.RenewRecoveryCodesRequest, context: Context
    ) -> pb.RenewRecoveryCodesResponse:
        codes = await self._second_factors.renew_codes(caller(), request.code)
        return pb.RenewRecoveryCodesResponse(recovery_codes=codes)

    async def RemoveSecondFactor(
        self, request: pb.RemoveSecondFactorRequest, context: Context
    ) -> pb.RemoveSecondFactorResponse:
        grant = await self._second_factors.remove(caller(), request.password, request.code, calling_device(context))
        return pb.RemoveSecondFactorResponse(**granted(grant))

    async def ResetSecondFactor(
        self, request: pb.ResetSecondFactorRequest, context: Context
    ) -> pb.ResetSecondFactorResponse:
        await self._second_factors.reset(caller(), request.account_id.lower())
        return pb.ResetSecondFactorResponse()
