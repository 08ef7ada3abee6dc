"""`python -m server outbox`: shows the mail that the running stack has sent."""

from typing import Annotated

import typer

from server.commands import app, fail
from server.domain.people.characters import escaped
from server.local import HOME
from server.local.servers.outbox import mails
from server.local.stack import OUTBOX


@app.command()
def outbox(
    show: Annotated[int, typer.Argument(help="Number of the mail to show in full; omit it to list all mail.")] = 0,
) -> None:
    """List the emails that the stack of `make up` has sent, or show one; the files are in .yoyaku/outbox."""
    kept = mails(HOME / OUTBOX)
    if not show:
        for number, (_, mail) in enumerate(kept, 1):
            recipient, subject = escaped(mail["To"]), escaped(mail["Subject"])
            print(f"{number:>4}  {mail['Date'].datetime:%Y-%m-%d %H:%M:%S}  {recipient:<32}  {subject}")
        if not kept:
            print("no mail yet: book an appointment for a patient with an email address")
        return
    if not 1 <= show <= len(kept):
        raise fail(f"there are {len(kept)} mails: `python -m server outbox` lists them")
    path, mail = kept[show - 1]
    print(f"File: {path}")
    for name in ("From", "To", "Subject", "Date"):
        print(f"{name}: {escaped(str(mail[name]))}")
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            print(f"\n--- {part.get_content_type()}\n{escaped(part.get_content(), lines=True)}")
