"""Shows text from others safely: terminal control sequences become visible escapes."""

import re

from rich.text import Text

# Control characters except tabs and line breaks, characters that change the direction of text, and invisible ones.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def escaped(text: str) -> str:
    r"""The text with unsafe characters escaped, such as `\x1b` for the one that begins terminal commands."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def plain(text: str) -> Text:
    """The text for a table, without markup or style."""
    return Text(escaped(text))
