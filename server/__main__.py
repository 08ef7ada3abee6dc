"""`python -m server COMMAND`; `--help` lists the commands."""

from server.commands import app

if __name__ == "__main__":
    app()
