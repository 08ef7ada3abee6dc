"""What a representative is to a patient, and until when, in words."""

from datetime import timedelta

from yoyaku.v1.representative_pb2 import Representative, RepresentativeRelation
from yoyaku.wire import local_time


def relation(value: "RepresentativeRelation.ValueType") -> str:
    """What a representative is to the patient, in a word; empty if nobody acted for another."""
    word = RepresentativeRelation.Name(value).removeprefix("REPRESENTATIVE_RELATION_").lower()
    return "" if word == "unspecified" else word


def last_day(representative: Representative) -> str:
    """The last day on which it acts, at the clinic: it ends at midnight, when that day is over."""
    end = local_time(representative.end_time, representative.clinic.time_zone)
    return f"{end - timedelta(microseconds=1):%Y-%m-%d}"


def represented(representative: Representative) -> str:
    """For whom it acts, as what and until when."""
    words = (relation(representative.relation), f"until {last_day(representative)}", representative.id)
    return f"{representative.patient.name} {representative.patient.id} ({', '.join(words)})"
