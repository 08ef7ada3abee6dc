"""Who registers, on the wire."""

from server import person_rules
from server.rpc.messages.convert import to_date
from server.rpc.messages.validate import checked
from server.usecases.registrations import NewPerson
from yoyaku.v1 import auth_service_pb2 as pb


def new_person(request: pb.RequestRegistrationRequest) -> NewPerson:
    """The person that a request describes (INVALID_REQUEST)."""
    return NewPerson(
        email=checked("email", person_rules.email, request.email, "").lower(),
        password=request.password,
        name=checked("name", person_rules.person, request.name, ""),
        birth_date=to_date("birth_date", request.birth_date),
        language=request.language or "en",
    )
