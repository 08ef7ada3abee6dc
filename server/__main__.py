"""`python -m server COMMAND`; `--help` lists the commands."""

import sys
from importlib import import_module

from server.commands import app
from server.telemetry import logs

COMMANDS = {
    "after-restore": "recovery",
    "archive": "data",
    "audit-checkpoint": "records",
    "backup": "recovery",
    "backups": "recovery",
    "certificate": "stack",
    "check-backup": "recovery",
    "check-zones": "data",
    "demo": "stack",
    "down": "stack",
    "downtime-sheets": "data",
    "envoy-config": "deploy",
    "export-fhir": "data",
    "healthy": "deploy",
    "import-fhir": "data",
    "invite-admin": "access",
    "limits": "deploy",
    "log-level": "deploy",
    "logs": "stack",
    "metrics": "deploy",
    "migrate": "deploy",
    "outbox": "stack",
    "promote": "deploy",
    "psql": "stack",
    "record-retention": "records",
    "release": "stack",
    "reset": "stack",
    "restore": "recovery",
    "restore-archive": "data",
    "roles": "access",
    "rotate-keys": "access",
    "rotate-record-keys": "records",
    "serve": "deploy",
    "status": "deploy",
    "token": "access",
    "up": "stack",
    "verify-audit": "records",
    "worker": "deploy",
    "workers": "stack",
}
"""Each command, and the package of `server.commands` that holds its module."""


def main() -> None:
    """Import the module of the command that is asked for, or all of them to list them, and run it."""
    asked = sys.argv[1:2]
    for name in asked if asked and asked[0] in COMMANDS else COMMANDS:
        import_module(f"server.commands.{COMMANDS[name]}.{name.replace('-', '_')}")
    # Standard output is for what a command prints.
    logs.configure("error")
    app()


if __name__ == "__main__":
    main()
