"""Links in the mails that a relay has taken."""

import re
from collections.abc import Sequence
from email import message_from_bytes, policy


def token_in(mails: Sequence[bytes], purpose: str) -> str:
    """The token in the first link for a purpose; empty if there is none yet."""
    for mail in mails:
        body = message_from_bytes(mail, policy=policy.default).get_body()
        if body and (link := re.search(rf"#{purpose}=(\S+)", body.get_content())):
            return link[1]
    return ""
