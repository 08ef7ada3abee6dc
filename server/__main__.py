"""`python -m server COMMAND`; `--help` lists the commands."""

from server.commands import (  # noqa: F401  # importing a command registers it
    app,
    demo,
    envoy_config,
    migrate,
    serve,
    token,
)

if __name__ == "__main__":
    app()
