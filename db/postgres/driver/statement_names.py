"""Names of statements: the function that runs one, as a comment after the first word of its text.

The name identifies a statement in our logs, pg_stat_statements and pg_stat_activity, none of which shows values.
"""

import re
import sys
from functools import lru_cache

_PACKAGE = "db.postgres."
_DRIVER = f"{_PACKAGE}driver."
_NAME = re.compile(rb"\w+ /\* ([\w.]+) \*/")


def with_name(text: str) -> str:
    """The statement with the name of our function that runs it, such as `days.offer`, as a comment.

    Call it once for each text: it inspects the call stack, which is slow.
    """
    frame = sys._getframe(1)  # noqa: SLF001  # the cheapest way to find the caller
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_PACKAGE) and not module.startswith(_DRIVER):
            # pg_stat_statements drops a leading comment, and pg_stat_activity may cut off a trailing one.
            first, *rest = text.split(maxsplit=1)
            return " ".join([first, f"/* {module.rpartition('.')[2]}.{frame.f_code.co_name} */", *rest])
        frame = frame.f_back  # type: ignore[assignment]  # None for the outermost frame
    return text


@lru_cache(maxsize=1_000)
def name_of(text: bytes) -> str:
    """The name of a statement; its first word if it has none, as COMMIT."""
    found = _NAME.match(text)
    return found[1].decode() if found else text.split(maxsplit=1)[0].decode() if text else ""
