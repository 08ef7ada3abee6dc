"""AuthService."""

import base64

from db.postgres.identity.account_list import ListedAccountRow
from db.postgres.identity.accounts import AccountRow, SigningKeyRow
from db.postgres.identity.credentials import DisplayRow
from server import person_rules
from server.domain.identity import Role
from server.domain.people.contacts import REGISTRATION_LASTS
from server.domain.typed_codes import six_digits
from server.rpc.calls.addresses import client_address
from server.rpc.calls.current_call import caller
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.convert import to_timestamp
from server.rpc.messages.patients import new_person, representative_of
from server.rpc.messages.validate import checked
from server.rpc.servicers.account_sessions import Context, calling_device, granted
from server.rpc.servicers.second_factors import SecondFactorServicer
from server.usecases.identity.account_list import AccountList, AccountListing
from server.usecases.identity.accounts import Accounts, NewAccount
from server.usecases.identity.devices import Devices, NewDisplay, NewService
from server.usecases.identity.password_offers import ForgottenPasswords, Offer
from server.usecases.identity.second_factor.set_up import SecondFactors
from server.usecases.identity.sessions import Sessions
from server.usecases.identity.signing_keys import SigningKeys
from server.usecases.registrations import Registrations
from server.usecases.representatives.read import RepresentativeReader
from server.usecases.sealing import Seal
from yoyaku.v1 import account_pb2, account_role_pb2, display_pb2, signing_key_pb2
from yoyaku.v1 import auth_service_pb2 as pb

_ROLE, _STATE = "ACCOUNT_ROLE_", "ACCOUNT_STATE_"


class AuthServicer(SecondFactorServicer):
    """Gives people and devices their tokens, and publishes the keys that verify those.

    `seal` encrypts the stored answers of idempotent writes that contain a secret.
    """

    def __init__(
        self,
        keys: SigningKeys,
        sessions: Sessions,
        accounts: Accounts,
        account_list: AccountList,
        forgotten: ForgottenPasswords,
        second_factors: SecondFactors,
        registrations: Registrations,
        devices: Devices,
        representatives: RepresentativeReader,
        seal: Seal,
    ) -> None:
        self._keys = keys
        self._sessions = sessions
        self._accounts = accounts
        self._account_list = account_list
        self._forgotten = forgotten
        self._second_factors = second_factors
        self._registrations = registrations
        self._devices = devices
        self._representatives = representatives
        self._seal = seal

    async def Login(self, request: pb.LoginRequest, context: Context) -> pb.LoginResponse:
        grant = await self._sessions.login(
            request.email,
            request.password,
            client_address(context),
            calling_device(context),
            request.second_factor_code,
        )
        return pb.LoginResponse(**granted(grant), account=self._account(grant.account))

    async def GetMe(self, request: pb.GetMeRequest, context: Context) -> pb.GetMeResponse:
        account = self._account(await self._accounts.me(caller()))
        account.represents.extend(map(representative_of, await self._representatives.of_caller(caller())))
        return pb.GetMeResponse(account=account)

    async def ListAccounts(self, request: pb.ListAccountsRequest, context: Context) -> pb.ListAccountsResponse:
        listing = AccountListing(
            role=_role(request.role) if request.role else "",
            clinic_id=request.clinic_id.lower(),
            state=pb.AccountState.Name(request.state).removeprefix(_STATE).lower() if request.state else "",
            text=request.text,
            size=request.size,
            page_token=request.page_token,
        )
        rows, next_page_token = await self._account_list.page(caller(), listing)
        return pb.ListAccountsResponse(accounts=map(self._listed, rows), next_page_token=next_page_token)

    async def InviteAccount(self, request: pb.InviteAccountRequest, context: Context) -> pb.InviteAccountResponse:
        write = idempotent_write(caller(), request, request.request_id, _invited, pb.InviteAccountResponse, self._seal)
        return await self._accounts.invite(caller(), _new_account(request), write)

    async def SetPassword(self, request: pb.SetPasswordRequest, context: Context) -> pb.SetPasswordResponse:
        await self._accounts.set_password(request.set_password_token, request.password)
        return pb.SetPasswordResponse()

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Context) -> pb.ResetPasswordResponse:
        write = idempotent_write(caller(), request, request.request_id, _reset, pb.ResetPasswordResponse, self._seal)
        return await self._accounts.reset(caller(), request.account_id.lower(), write)

    async def RequestPasswordReset(
        self, request: pb.RequestPasswordResetRequest, context: Context
    ) -> pb.RequestPasswordResetResponse:
        await self._forgotten.request(request.email.lower(), client_address(context))
        return pb.RequestPasswordResetResponse()

    async def RequestRegistration(
        self, request: pb.RequestRegistrationRequest, context: Context
    ) -> pb.RequestRegistrationResponse:
        registration_id = await self._registrations.request(new_person(request), client_address(context))
        seconds = int(REGISTRATION_LASTS.total_seconds())
        return pb.RequestRegistrationResponse(registration_id=registration_id, expires_in=seconds)

    async def ConfirmRegistration(
        self, request: pb.ConfirmRegistrationRequest, context: Context
    ) -> pb.ConfirmRegistrationResponse:
        grant = await self._registrations.confirm(
            request.registration_id.lower(), six_digits("code", request.code), calling_device(context)
        )
        return pb.ConfirmRegistrationResponse(**granted(grant), account=self._account(grant.account))

    async def ChangePassword(self, request: pb.ChangePasswordRequest, context: Context) -> pb.ChangePasswordResponse:
        grant = await self._accounts.change_password(
            caller(), request.current_password, request.new_password, calling_device(context)
        )
        return pb.ChangePasswordResponse(**granted(grant))

    async def DisableAccount(self, request: pb.DisableAccountRequest, context: Context) -> pb.DisableAccountResponse:
        await self._accounts.disable(caller(), request.account_id.lower())
        return pb.DisableAccountResponse()

    async def EnableAccount(self, request: pb.EnableAccountRequest, context: Context) -> pb.EnableAccountResponse:
        await self._accounts.enable(caller(), request.account_id.lower())
        return pb.EnableAccountResponse()

    async def GetSigningKeys(self, request: pb.GetSigningKeysRequest, context: Context) -> pb.GetSigningKeysResponse:
        return pb.GetSigningKeysResponse(keys=map(_signing_key, await self._keys.rows()))

    async def PairDisplay(self, request: pb.PairDisplayRequest, context: Context) -> pb.PairDisplayResponse:
        pairing = await self._devices.pair(client_address(context))
        return pb.PairDisplayResponse(
            pairing_code=pairing.code,
            device_token=pairing.device_token,
            expire_time=to_timestamp(pairing.expires_at),
        )

    async def ConfirmDisplay(self, request: pb.ConfirmDisplayRequest, context: Context) -> pb.ConfirmDisplayResponse:
        write = idempotent_write(caller(), request, request.request_id, _display_confirmed, pb.ConfirmDisplayResponse)
        role = Role.KIOSK if request.kind == display_pb2.DISPLAY_KIND_KIOSK else Role.DISPLAY
        clinic_ids = dict.fromkeys(each.lower() for each in (request.clinic_id, *request.other_clinic_ids))
        new = NewDisplay([*clinic_ids], request.name, role)
        return await self._devices.confirm(caller(), request.pairing_code, new, write)

    async def ListDisplays(self, request: pb.ListDisplaysRequest, context: Context) -> pb.ListDisplaysResponse:
        rows = await self._devices.displays(caller(), request.clinic_id.lower())
        return pb.ListDisplaysResponse(displays=map(_display, rows))

    async def RevokeDisplay(self, request: pb.RevokeDisplayRequest, context: Context) -> pb.RevokeDisplayResponse:
        await self._devices.revoke(caller(), request.display_id.lower())
        return pb.RevokeDisplayResponse()

    async def CreateServiceAccount(
        self, request: pb.CreateServiceAccountRequest, context: Context
    ) -> pb.CreateServiceAccountResponse:
        clinic_ids = [each.lower() for each in request.clinic_ids]
        new = NewService(request.name, clinic_ids, request.all_clinics, request.certificate_name or None)
        write = idempotent_write(
            caller(), request, request.request_id, _service_created, pb.CreateServiceAccountResponse, self._seal
        )
        return await self._devices.create_service(caller(), new, write)

    async def ExchangeDeviceToken(
        self, request: pb.ExchangeDeviceTokenRequest, context: Context
    ) -> pb.ExchangeDeviceTokenResponse:
        row, token = await self._devices.exchange(request.device_token)
        return pb.ExchangeDeviceTokenResponse(
            access_token=token.text, expires_in=token.seconds, account_id=row.id, clinic_ids=row.clinic_ids
        )

    def _listed(self, row: ListedAccountRow) -> pb.ListedAccount:
        state = pb.AccountState.Value(f"{_STATE}{row.state.upper()}")
        made = to_timestamp(row.created_at)
        return pb.ListedAccount(account=self._account(row.account), state=state, name=row.name, create_time=made)

    def _account(self, row: AccountRow) -> account_pb2.Account:
        return account_pb2.Account(
            id=row.id,
            email=row.email or "",
            roles=[account_role_pb2.AccountRole.Value(f"{_ROLE}{each.upper()}") for each in row.roles],
            clinic_ids=() if row.all_clinics else row.clinic_ids,
            all_clinics=row.all_clinics,
            patient_id=row.patient_id or "",
            doctor_id=row.doctor_id or "",
            second_factor=row.second_factor,
            second_factor_missing=self._accounts.lacks_second_factor(row),
        )


def _role(role: "account_role_pb2.AccountRole.ValueType") -> str:
    return account_role_pb2.AccountRole.Name(role).removeprefix(_ROLE).lower()


def _new_account(request: pb.InviteAccountRequest) -> NewAccount:
    return NewAccount(
        email=checked("email", person_rules.email, request.email, ""),
        role=_role(request.role),
        clinic_ids=[each.lower() for each in request.clinic_ids],
        patient_id=request.patient_id.lower() or None,
        doctor_id=request.doctor_id.lower() or None,
    )


def _invited(offer: Offer) -> pb.InviteAccountResponse:
    return pb.InviteAccountResponse(
        account_id=offer.account_id, set_password_token=offer.token, expire_time=to_timestamp(offer.expires_at)
    )


def _reset(offer: Offer) -> pb.ResetPasswordResponse:
    return pb.ResetPasswordResponse(set_password_token=offer.token, expire_time=to_timestamp(offer.expires_at))


def _signing_key(row: SigningKeyRow) -> signing_key_pb2.SigningKey:
    x = base64.urlsafe_b64encode(row.public_key).decode().rstrip("=")
    return signing_key_pb2.SigningKey(kty="OKP", crv="Ed25519", kid=row.kid, x=x, alg="EdDSA", use="sig")


def _display(row: DisplayRow) -> display_pb2.Display:
    return display_pb2.Display(
        id=row.id,
        name=row.name,
        clinic_id=row.clinic_ids[0],
        other_clinic_ids=row.clinic_ids[1:],
        create_time=to_timestamp(row.created_at),
        kind=display_pb2.DISPLAY_KIND_KIOSK if row.role == Role.KIOSK else display_pb2.DISPLAY_KIND_SCREEN,
    )


def _display_confirmed(row: DisplayRow) -> pb.ConfirmDisplayResponse:
    return pb.ConfirmDisplayResponse(display=_display(row))


def _service_created(made: tuple[str, str]) -> pb.CreateServiceAccountResponse:
    account_id, device_token = made
    return pb.CreateServiceAccountResponse(account_id=account_id, device_token=device_token)
