"""Names of statements: the function that runs one, as a comment after the first word of its text.

By it a statement is known in our logs, in pg_stat_statements and in pg_stat_activity, none of which shows values.
"""

import re
import sys
from functools import lru_cache

_PACKAGE = "db.postgres."
_DRIVER = "driver."
_NAME = re.compile(rb"\w+ /\* ([\w.]+) \*/")


def with_name(text: str) -> str:
    """A statement with the name of the function of ours that runs it, such as `days.offer`.

    Call it once for each text: it looks at the stack.
    """
    frame = sys._getframe(1)  # noqa: SLF001  # the way to one's callers that costs next to nothing
    while frame is not None:
        module = frame.f_globals.get("__name__", "").removeprefix(_PACKAGE)
        if f"{_PACKAGE}{module}" == frame.f_globals.get("__name__") and not module.startswith(_DRIVER):
            # pg_stat_statements drops a comment in front, pg_stat_activity may cut one at the end.
            first, *rest = text.split(maxsplit=1)
            return " ".join([first, f"/* {module}.{frame.f_code.co_name} */", *rest])
        frame = frame.f_back  # type: ignore[assignment]  # the last one has none
    return text


@lru_cache(maxsize=1_000)
def name_of(text: bytes) -> str:
    """The name of a statement; of one without, which is COMMIT and the like, its first word."""
    found = _NAME.match(text)
    return found[1].decode() if found else text.split(maxsplit=1)[0].decode() if text else ""
