"""AuthService: accounts of people, displays and hospital systems."""

from collections.abc import Iterable

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod, Rows
from yoyaku.v1 import account_role_pb2
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.account_list_messages_pb2 import AccountState
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceStub
from yoyaku.v1.display_pb2 import DisplayKind
from yoyaku.wire import write_id


class AccountCalls(ServiceCalls):
    """The calls with which admins manage accounts, staff manage displays, and devices get their tokens."""

    @ClientMethod
    async def list_accounts(
        self,
        *,
        role: "account_role_pb2.AccountRole.ValueType" = account_role_pb2.ACCOUNT_ROLE_UNSPECIFIED,
        clinic_id: str = "",
        state: "AccountState.ValueType" = AccountState.ACCOUNT_STATE_UNSPECIFIED,
        text: str = "",
        size: int = 0,
        page_token: str = "",
    ) -> pb.ListAccountsResponse:
        """A page of accounts, of patients only for that role; `text` is a part of the email or name (NotAllowed)."""
        request = pb.ListAccountsRequest(
            role=role, clinic_id=clinic_id, state=state, text=text, size=size, page_token=page_token
        )
        return await self._call(self._stub(AuthServiceStub).ListAccounts, request)

    accounts = Rows(list_accounts, lambda page: page.accounts)

    @ClientMethod
    async def invite_account(
        self,
        *,
        email: str,
        role: "account_role_pb2.AccountRole.ValueType",
        clinic_ids: Iterable[str] = (),
        patient_id: str = "",
        doctor_id: str = "",
        request_id: str = "",
    ) -> pb.InviteAccountResponse:
        """Make an account, whose owner gets a mail with a link to set a password (AlreadyExists, NotFound, NotAllowed).

        Where no links are sent, the answer has the token that sets it.
        """
        request = pb.InviteAccountRequest(
            email=email,
            role=role,
            clinic_ids=clinic_ids,
            patient_id=patient_id,
            doctor_id=doctor_id,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AuthServiceStub).InviteAccount, request)

    @ClientMethod
    async def set_password(self, set_password_token: str, password: str) -> pb.SetPasswordResponse:
        """Set a password with a one-time token; needs no sign-in (Unauthenticated)."""
        request = pb.SetPasswordRequest(set_password_token=set_password_token, password=password)
        return await self._call_openly(self._stub(AuthServiceStub).SetPassword, request)

    @ClientMethod
    async def reset_password(self, account_id: str, *, request_id: str = "") -> pb.ResetPasswordResponse:
        """Remove a password and end all sessions; the owner gets a mail with a link to set a new one.

        Where no links are sent, the answer has the token that sets it (NotFound, NotAllowed).
        """
        request = pb.ResetPasswordRequest(account_id=account_id, request_id=write_id(request_id))
        return await self._call(self._stub(AuthServiceStub).ResetPassword, request)

    @ClientMethod
    async def request_password_reset(self, email: str) -> pb.RequestPasswordResetResponse:
        """Have a link to set a new password sent to an email, if an account has it; needs no sign-in (Refused)."""
        request = pb.RequestPasswordResetRequest(email=email)
        return await self._call_openly(self._stub(AuthServiceStub).RequestPasswordReset, request)

    @ClientMethod
    async def disable_account(self, account_id: str) -> pb.DisableAccountResponse:
        """Disable an account and end all its sessions (NotFound, NotAllowed)."""
        request = pb.DisableAccountRequest(account_id=account_id)
        return await self._call(self._stub(AuthServiceStub).DisableAccount, request)

    @ClientMethod
    async def enable_account(self, account_id: str) -> pb.EnableAccountResponse:
        """Let a disabled account sign in again, with the password that it had (NotFound, NotAllowed)."""
        request = pb.EnableAccountRequest(account_id=account_id)
        return await self._call(self._stub(AuthServiceStub).EnableAccount, request)

    @ClientMethod
    async def pair_display(self) -> pb.PairDisplayResponse:
        """Get the code that a display shows, and its credential; needs no sign-in (Refused after too many)."""
        return await self._call_openly(self._stub(AuthServiceStub).PairDisplay, pb.PairDisplayRequest())

    @ClientMethod
    async def confirm_display(
        self,
        pairing_code: str,
        *,
        clinic_id: str,
        name: str,
        kiosk: bool = False,
        other_clinic_ids: Iterable[str] = (),
        request_id: str = "",
    ) -> pb.ConfirmDisplayResponse:
        """Assign the display or kiosk that shows the code to a clinic; a display shows the others too.

        NotFound, NotAllowed, InvalidRequest for a kiosk with others.
        """
        request = pb.ConfirmDisplayRequest(
            pairing_code=pairing_code,
            clinic_id=clinic_id,
            name=name,
            other_clinic_ids=other_clinic_ids,
            kind=DisplayKind.DISPLAY_KIND_KIOSK if kiosk else DisplayKind.DISPLAY_KIND_SCREEN,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AuthServiceStub).ConfirmDisplay, request)

    @ClientMethod
    async def list_displays(self, clinic_id: str) -> pb.ListDisplaysResponse:
        """The displays of a clinic, by name (NotAllowed)."""
        return await self._call(self._stub(AuthServiceStub).ListDisplays, pb.ListDisplaysRequest(clinic_id=clinic_id))

    @ClientMethod
    async def revoke_display(self, display_id: str) -> pb.RevokeDisplayResponse:
        """Revoke a display's credential permanently (NotFound, NotAllowed)."""
        request = pb.RevokeDisplayRequest(display_id=display_id)
        return await self._call(self._stub(AuthServiceStub).RevokeDisplay, request)

    @ClientMethod
    async def create_service_account(
        self,
        *,
        name: str,
        clinic_ids: Iterable[str] = (),
        all_clinics: bool = False,
        certificate_name: str = "",
        request_id: str = "",
    ) -> pb.CreateServiceAccountResponse:
        """Make an account for a hospital system; the answer has its credential (NotFound, AlreadyExists, NotAllowed).

        With `certificate_name`, a URI or DNS name, a client certificate of that name does too.
        """
        request = pb.CreateServiceAccountRequest(
            name=name,
            clinic_ids=clinic_ids,
            all_clinics=all_clinics,
            certificate_name=certificate_name,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AuthServiceStub).CreateServiceAccount, request)

    @ClientMethod
    async def exchange_device_token(self, device_token: str) -> pb.ExchangeDeviceTokenResponse:
        """Get an access token for a credential (Unauthenticated; Refused until a display's code is confirmed).

        The token source DeviceToken does this automatically.
        """
        return await self._exchange(device_token)
