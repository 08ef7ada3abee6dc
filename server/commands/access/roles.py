"""`python -m server roles`: who may call what, as in docs/roles.md."""

from collections.abc import Sequence

from server.commands import app
from server.domain.identity import Role
from server.domain.methods import METHODS
from server.domain.rights import RULES, Action, Scope

_SCOPES = {
    Scope.ANY: "yes",
    Scope.CLINIC: "own clinics",
    Scope.OWN_DOCTOR: "own",
    Scope.SELF: "only own",
    Scope.OWN_PATIENT: "own",
    Scope.OWN_RECORDS: "own",
    Scope.TREATED: "treated",
}
_HEAD = """# Who may call what

Which role may call each method, and on whose objects. Made by `make roles` from `server/domain/rights.py` and
`server/domain/methods.py`, which decide; a test calls every method as every role, over gRPC and REST, and compares.

What a cell says of the role and the method:

- **yes**: on all objects. **-**: not at all. **anyone**: even without a token.
- **own clinics**: on objects of the clinics that the token names. A **visitor** calls without a token: for visitors
  these are the clinics with `public_browsing`.
- **own**: on the caller's own. For patients these are their appointments, records and particulars, and those of the
  patients for whom they act, records only as far as the clinic's policy allows
  ([patients](patients.md#representatives)). For doctors these are their appointments, the patients who have one with
  them, and the records that they wrote.
- **only own**: on the caller's own, but not on those of patients for whom the caller acts. A representative may still
  end the representation.
- **treated**: on records of patients whom the doctor treats, and on those that the doctor wrote or broke the glass for
  ([records](records.md#who-treats-a-patient)).

And in general:

- Refusals are PERMISSION_DENIED, or NOT_FOUND where the caller may not know that an object exists; without a token,
  UNAUTHENTICATED. Lists leave out what the caller may not see.
- A second line of a method is about what only some requests ask for. "edit practitioner" (another name, a person of
  other clinics, active again) needs the right at every clinic where the person takes bookings or still has
  appointments. "edit patient elsewhere" is about patients who have appointments at other clinics and none at the
  caller's: it takes a reason, which is kept, and the patient is notified.
"""


@app.command()
def roles() -> None:
    """Print who may call what as Markdown: docs/roles.md, which `make roles` writes."""
    print(document(), end="")


def document() -> str:
    """The page, made from the tables that the server decides by."""
    services = dict.fromkeys(name.partition("/")[0] for name in METHODS)
    return _HEAD + "".join(_section(service) for service in services)


def _section(service: str) -> str:
    lines = [["method", *Role], ["---"] * (len(Role) + 1)]
    for name, actions in METHODS.items():
        of, _, method = name.partition("/")
        if of == service:
            lines += _rows(method, actions)
    return f"\n## {service}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(method: str, actions: Sequence[Action]) -> list[list[str]]:
    if not actions:
        return [[method, *["anyone"] * len(Role)]]
    first, *others = actions
    named = [(method, first), *((f"{method}: {other.replace('_', ' ')}", other) for other in others)]
    return [[name, *map(_cell, [RULES[action].get(role) for role in Role])] for name, action in named]


def _cell(scope: Scope | None) -> str:
    return _SCOPES[scope] if scope else "-"
