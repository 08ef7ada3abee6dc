"""AuthService: sign in and out."""

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceStub
from yoyaku.wire import Day, day_text, write_id


class SessionCalls(ServiceCalls):
    """The calls of people who sign in; with the token source TokenStore, the tokens are kept there."""

    @ClientMethod
    async def login(self, email: str, password: str, second_factor_code: str = "") -> pb.LoginResponse:
        """Sign in (Unauthenticated; Unavailable after too many attempts). Later calls use the new token.

        For an account with a second factor: Unauthenticated with the reason SECOND_FACTOR_REQUIRED without a code,
        NotAllowed with a wrong one.
        OSError if the file of a TokenStore cannot be written: no session begins then.
        """
        await self._prepare()
        request = pb.LoginRequest(email=email, password=password, second_factor_code=second_factor_code)
        answer = await self._call_openly(self._stub(AuthServiceStub).Login, request)
        await self._keep(answer)
        return answer

    @ClientMethod
    async def request_registration(
        self, email: str, password: str, *, name: str, birth_date: Day, language: str = ""
    ) -> pb.RequestRegistrationResponse:
        """Begin to register as a patient: a code goes to the email, whether or not it has an account."""
        request = pb.RequestRegistrationRequest(
            email=email, password=password, name=name, birth_date=day_text(birth_date), language=language
        )
        return await self._call_openly(self._stub(AuthServiceStub).RequestRegistration, request)

    @ClientMethod
    async def confirm_registration(self, registration_id: str, code: str) -> pb.ConfirmRegistrationResponse:
        """End a registration with the code from the mail, and sign in (InvalidRequest for a wrong code)."""
        await self._prepare()
        request = pb.ConfirmRegistrationRequest(registration_id=registration_id, code=code)
        answer = await self._call_openly(self._stub(AuthServiceStub).ConfirmRegistration, request)
        await self._keep(answer)
        return answer

    @ClientMethod
    async def get_me(self) -> pb.GetMeResponse:
        """Get the caller's own account (Unauthenticated if it was disabled)."""
        return await self._call(self._stub(AuthServiceStub).GetMe, pb.GetMeRequest())

    @ClientMethod
    async def change_password(self, current_password: str, new_password: str) -> pb.ChangePasswordResponse:
        """Change one's own password: ends all sessions, begins a new one (NotAllowed if the current one is wrong)."""
        await self._prepare()
        request = pb.ChangePasswordRequest(current_password=current_password, new_password=new_password)
        answer = await self._call(self._stub(AuthServiceStub).ChangePassword, request)
        await self._keep(answer)
        return answer

    @ClientMethod
    async def refresh_token(self, refresh_token: str, *, request_id: str = "") -> pb.RefreshTokenResponse:
        """The next tokens of a session (Unauthenticated if it has ended). A TokenStore does this automatically."""
        return await self._refresh(refresh_token, write_id(request_id))

    @ClientMethod
    async def logout(self, refresh_token: str = "") -> pb.LogoutResponse:
        """End a session: that of the given token, or else that of the TokenStore, which is then empty."""
        store = self._token.store
        token = refresh_token or (store.refresh_token if store else "")
        answer = pb.LogoutResponse()
        if token:
            request = pb.LogoutRequest(refresh_token=token)
            answer = await self._call_openly(self._stub(AuthServiceStub).Logout, request)
        if store and not refresh_token:
            await store.forget()
            self._token.drop()
        return answer

    @ClientMethod
    async def list_sessions(self) -> pb.ListSessionsResponse:
        """The sessions of the caller's account, the last used one first (NotAllowed)."""
        return await self._call(self._stub(AuthServiceStub).ListSessions, pb.ListSessionsRequest())

    @ClientMethod
    async def end_session(self, session_id: str) -> pb.EndSessionResponse:
        """End a session of the caller's account (NotFound, NotAllowed)."""
        return await self._call(self._stub(AuthServiceStub).EndSession, pb.EndSessionRequest(session_id=session_id))

    async def _prepare(self) -> None:
        if store := self._token.store:
            await store.prepare()

    async def _keep(
        self,
        answer: pb.LoginResponse
        | pb.ChangePasswordResponse
        | pb.ConfirmSecondFactorResponse
        | pb.RemoveSecondFactorResponse
        | pb.ConfirmRegistrationResponse,
    ) -> None:
        if store := self._token.store:
            await store.save(answer)
            self._token.drop()
