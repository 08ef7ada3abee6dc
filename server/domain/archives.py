"""The form of an archive: lines of JSON, the last of which says how many there are and their SHA-256; compressed."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence

FORM = "yoyaku archive 1"


class ArchiveError(Exception):
    """A file is no archive, or not whole; the text says which."""


def encode(schema: str, rows: Iterable[tuple[str, str]]) -> bytes:
    """An archive of rows (table, JSON) of a schema."""
    lines = [json.dumps({"form": FORM, "schema": schema})]
    lines += [f'{{"table": {json.dumps(table)}, "row": {content}}}' for table, content in rows]
    body = "".join(f"{line}\n" for line in lines).encode()
    end = json.dumps({"rows": len(lines) - 1, "sha256": hashlib.sha256(body).hexdigest()})
    return gzip.compress(body + f"{end}\n".encode(), mtime=0)


def decode(archive: bytes) -> Sequence[tuple[str, str]]:
    """The rows of an archive (ArchiveError)."""
    try:
        text = gzip.decompress(archive)
        body, _, end = text.removesuffix(b"\n").rpartition(b"\n")
        head, *lines = (json.loads(line) for line in body.split(b"\n"))
        sums = json.loads(end)
        if head["form"] != FORM:
            raise ArchiveError(f"the file has another format than {FORM!r}")
        if sums != {"rows": len(lines), "sha256": hashlib.sha256(body + b"\n").hexdigest()}:
            raise ArchiveError("the file is damaged: its checksum does not match")
        return [(line["table"], json.dumps(line["row"])) for line in lines]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise ArchiveError("the file is damaged or not an archive") from error
