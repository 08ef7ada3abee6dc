"""`python -m server COMMAND`; `--help` lists the commands."""

from server.commands import (  # noqa: F401  # importing a command registers it
    app,
    demo,
    down,
    envoy_config,
    migrate,
    reset,
    serve,
    token,
    up,
)

if __name__ == "__main__":
    app()
