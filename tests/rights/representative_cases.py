"""For representatives: what each method is asked, on whose side, and how it treats what is not the caller's."""

from collections.abc import Sequence
from datetime import timedelta

from server.domain.rights import Action
from tests.rights.case import Case
from tests.rights.world import Side, World
from yoyaku.v1 import directory_service_pb2 as directory
from yoyaku.v1.representative_pb2 import RepresentativeRelation


def _representative(world: World, side: Side, clinic_id: str) -> directory.AddRepresentativeRequest:
    return directory.AddRepresentativeRequest(
        patient_id=side.patient_id,
        email=world.own.email,
        relation=RepresentativeRelation.REPRESENTATIVE_RELATION_CARER,
        end_date=f"{world.today + timedelta(days=9)}",
        clinic_id=clinic_id,
        note="a letter of the family",
    )


REPRESENTATIVE_CASES: dict[str, Sequence[Case]] = {
    "DirectoryService/AddRepresentative": [
        Case(
            lambda w, s: _representative(w, s, s.clinic_id), sees=Action.SEE_PATIENT, passed=["REPRESENTATIVE_EXISTS"]
        ),
        # For somebody of a side, by the callers' own clinic.
        Case(
            lambda w, s: _representative(w, s, w.own.clinic_id),
            sees=Action.SEE_PATIENT,
            passed=["REPRESENTATIVE_EXISTS"],
        ),
    ],
    "DirectoryService/ListRepresentatives": [
        Case(lambda _, s: directory.ListRepresentativesRequest(patient_id=s.patient_id))
    ],
    "DirectoryService/EndRepresentative": [
        Case(
            lambda _, s: directory.EndRepresentativeRequest(representative_id=s.representative_id),
            sees=Action.SEE_REPRESENTATIVES,
        )
    ],
}
