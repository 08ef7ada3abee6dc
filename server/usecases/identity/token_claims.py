"""What the claims of an access token say of its caller."""

from datetime import UTC, datetime

from server.domain.identity import Caller, Relation, Represented, roles_of


def caller_of(claims: dict[str, object]) -> Caller:
    """The caller whom they stand for (KeyError, TypeError, ValueError, OverflowError, OSError)."""
    roles, clinics = claims.get("roles", []), claims.get("clinic_ids", [])
    if not isinstance(roles, list) or not isinstance(clinics, list):
        raise TypeError("roles and clinic_ids are lists")
    return Caller(
        id=str(claims["sub"]),
        roles=roles_of(map(str, roles)),
        clinic_ids=frozenset(map(str, clinics)),
        patient_id=_optional(claims.get("patient_id")),
        doctor_id=_optional(claims.get("doctor_id")),
        expires_at=datetime.fromtimestamp(int(str(claims["exp"])), UTC),
        issued_at=int(str(claims.get("iat", 0))),
        generation=int(str(claims.get("generation", 0))),
        session_id=str(claims.get("session_id", "")),
        second_factor_missing=bool(claims.get("second_factor_missing")),
        represents=_represented(claims.get("represents", {})),
    )


def _represented(claim: object) -> dict[str, Represented]:
    if not isinstance(claim, dict):
        raise TypeError("represents is a map")
    found = {}
    for patient_id, (representative_id, relation, sees_records) in claim.items():
        found[str(patient_id)] = Represented(str(representative_id), Relation(relation), sees_records is True)
    return found


def _optional(value: object) -> str | None:
    return None if value is None else str(value)
