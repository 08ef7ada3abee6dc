"""AuthService: the sessions of an account."""

from datetime import UTC, datetime
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from db.valkey.refresh_tokens import Family
from server.rpc.calls.addresses import user_agent
from server.rpc.calls.current_call import caller
from server.rpc.messages.convert import to_timestamp
from server.usecases.identity.sessions import Grant, Sessions
from server.usecases.identity.user_agents import Device, device_of
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class AccountSessionServicer(AuthServiceServicer):
    """The methods of AuthService about sessions that have begun."""

    _sessions: Sessions

    async def RefreshToken(self, request: pb.RefreshTokenRequest, context: Context) -> pb.RefreshTokenResponse:
        grant = await self._sessions.refresh(request.refresh_token, request.request_id.lower())
        return pb.RefreshTokenResponse(**granted(grant))

    async def Logout(self, request: pb.LogoutRequest, context: Context) -> pb.LogoutResponse:
        await self._sessions.logout(request.refresh_token)
        return pb.LogoutResponse()

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Context) -> pb.ListSessionsResponse:
        found, own = await self._sessions.list(caller()), caller().session_id
        return pb.ListSessionsResponse(sessions=[_session(each, own) for each in found])

    async def EndSession(self, request: pb.EndSessionRequest, context: Context) -> pb.EndSessionResponse:
        await self._sessions.end(caller(), request.session_id.lower())
        return pb.EndSessionResponse()


def granted(grant: Grant) -> dict[str, Any]:
    """The fields of an answer that begins or continues a session."""
    return {"access_token": grant.access_token, "refresh_token": grant.refresh_token, "expires_in": grant.expires_in}


def calling_device(context: Context) -> Device:
    """The device of a call that begins a session."""
    return device_of(user_agent(context))


def _session(session: Family, own: str) -> pb.AccountSession:
    return pb.AccountSession(
        id=session.family_id,
        create_time=_instant(session.began),
        last_use_time=_instant(session.used),
        program=session.program,
        system=session.system,
        current=session.family_id == own,
    )


def _instant(milliseconds: int) -> Timestamp | None:
    return to_timestamp(datetime.fromtimestamp(milliseconds / 1000, UTC)) if milliseconds else None
