"""AuthService: second factors."""

from yoyaku.methods import ClientMethod
from yoyaku.services.sessions import SessionCalls
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceStub


class SecondFactorCalls(SessionCalls):
    """The calls with which doctors, staff and admins set up a second factor, and admins reset those of others."""

    @ClientMethod
    async def get_second_factor(self) -> pb.GetSecondFactorResponse:
        """Get the caller's second factor, if there is one (NotAllowed)."""
        return await self._call(self._stub(AuthServiceStub).GetSecondFactor, pb.GetSecondFactorRequest())

    @ClientMethod
    async def enrol_second_factor(self, password: str) -> pb.EnrolSecondFactorResponse:
        """Make a secret for an authenticator app, to be confirmed within 15 minutes.

        NotAllowed if the password is wrong, Refused if there is a second factor.
        """
        request = pb.EnrolSecondFactorRequest(password=password)
        return await self._call(self._stub(AuthServiceStub).EnrolSecondFactor, request)

    @ClientMethod
    async def confirm_second_factor(self, code: str) -> pb.ConfirmSecondFactorResponse:
        """Set it up with a code of the app; the answer has the recovery codes, which are never shown again.

        Ends all sessions, begins a new one (NotAllowed if the code is wrong, Refused if there is nothing to confirm).
        """
        await self._prepare()
        request = pb.ConfirmSecondFactorRequest(code=code)
        answer = await self._call(self._stub(AuthServiceStub).ConfirmSecondFactor, request)
        await self._keep(answer)
        return answer

    @ClientMethod
    async def renew_recovery_codes(self, code: str) -> pb.RenewRecoveryCodesResponse:
        """Get other recovery codes in place of those from before (NotAllowed if the code is wrong)."""
        request = pb.RenewRecoveryCodesRequest(code=code)
        return await self._call(self._stub(AuthServiceStub).RenewRecoveryCodes, request)

    @ClientMethod
    async def remove_second_factor(self, password: str, code: str) -> pb.RemoveSecondFactorResponse:
        """Remove the caller's second factor: ends all sessions, begins a new one (NotAllowed if either is wrong)."""
        await self._prepare()
        request = pb.RemoveSecondFactorRequest(password=password, code=code)
        answer = await self._call(self._stub(AuthServiceStub).RemoveSecondFactor, request)
        await self._keep(answer)
        return answer

    @ClientMethod
    async def reset_second_factor(self, account_id: str) -> pb.ResetSecondFactorResponse:
        """Remove somebody's second factor and end all sessions of the account (NotFound, NotAllowed)."""
        request = pb.ResetSecondFactorRequest(account_id=account_id)
        return await self._call(self._stub(AuthServiceStub).ResetSecondFactor, request)
