"""`python -m server COMMAND`; `--help` lists the commands."""

import sys
from importlib import import_module

from server.commands import app
from server.telemetry import logs

COMMANDS = (
    "archive",
    "audit-checkpoint",
    "certificate",
    "check-zones",
    "demo",
    "down",
    "envoy-config",
    "import-fhir",
    "invite-admin",
    "limits",
    "metrics",
    "migrate",
    "outbox",
    "promote",
    "psql",
    "record-retention",
    "reset",
    "restore-archive",
    "roles",
    "rotate-keys",
    "rotate-record-keys",
    "serve",
    "status",
    "token",
    "up",
    "verify-audit",
    "worker",
    "workers",
)


def main() -> None:
    """Import the module of the command that is asked for, or all of them to list them, and run it."""
    asked = sys.argv[1:2]
    for name in asked if asked and asked[0] in COMMANDS else COMMANDS:
        import_module(f"server.commands.{name.replace('-', '_')}")
    # Standard output is for what a command prints.
    logs.configure("error")
    app()


if __name__ == "__main__":
    main()
