"""How text that others wrote is shown: what a terminal would obey becomes a visible escape."""

import re

from rich.text import Text

# Control characters but tabs and line breaks, and what turns the direction of text or cannot be seen.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def escaped(text: str) -> str:
    r"""The text, with `\x1b` in place of the character that begins a terminal's commands, and the like."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def plain(text: str) -> Text:
    """The text for a table, as it is written and without a style."""
    return Text(escaped(text))
