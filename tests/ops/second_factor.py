"""A second factor is set up, used and removed; its secrets are for nobody else."""

import base64
import time
from collections.abc import Callable
from typing import Any

import httpx

from server.usecases.identity.second_factor.codes import code_at


def second_factor(
    do: Callable[..., Any], anybody: httpx.Client, staff: httpx.Client, account: dict[str, str], mark: str
) -> list[str]:
    """What nobody else may learn of it. Refused calls have marked codes and passwords."""
    own, sign_in = "/api/auth/second-factor", {"email": account["email"], "password": account["password"]}
    do(staff, "POST", f"{own}:enrol", {"password": f"{mark} wrong"})
    secret = do(staff, "POST", f"{own}:enrol", {"password": account["password"]})["secret"]
    do(staff, "POST", f"{own}:confirm", {"code": mark})
    code = code_at(base64.b32decode(secret), int(time.time()) // 30)
    made = do(staff, "POST", f"{own}:confirm", {"code": code})
    codes = made["recovery_codes"]
    do(anybody, "POST", "/api/auth/login", sign_in)  # SECOND_FACTOR_REQUIRED
    do(anybody, "POST", "/api/auth/login", {**sign_in, "second_factor_code": f"{mark}-code"})
    found = do(anybody, "POST", "/api/auth/login", {**sign_in, "second_factor_code": codes[0]})
    headers = {"authorization": f"Bearer {found['access_token']}"}
    removal = {"password": account["password"], "code": codes[1]}
    do(anybody, "POST", f"{own}:remove", {"password": f"{mark} wrong", "code": f"{mark}-code"}, headers=headers)
    do(anybody, "POST", f"{own}:remove", removal, headers=headers)
    return [secret, *codes, *(each.replace("-", "") for each in codes)]
