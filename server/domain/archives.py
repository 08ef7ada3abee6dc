"""The format of an archive: compressed lines of JSON, the last of which authenticates all lines before it."""

import hmac
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

FORM = "yoyaku archive 2"
MOST_BYTES = 256 * 2**20
"""The largest archive, compressed or not: it is read into memory."""
_END_BYTES = 500
_GZIP = 16 + zlib.MAX_WBITS


class ArchiveError(Exception):
    """A file is not an archive, or is incomplete, not authentic or too large; the text says which."""


class ArchiveKey(NamedTuple):
    """A secret key, and the id by which archives name it."""

    id: str
    key: bytes


def encode(name: str, schema: str, rows: Iterable[tuple[str, str]], key: ArchiveKey) -> bytes:
    """An archive of rows (table, JSON) of a schema, to be stored as `name` (ArchiveError if it is too large)."""
    lines = [json.dumps({"form": FORM, "name": name, "schema": schema})]
    lines += [f'{{"table": {json.dumps(table)}, "row": {content}}}' for table, content in rows]
    body = "".join(f"{line}\n" for line in lines).encode()
    end = json.dumps({"key_id": key.id, "hmac": hmac.digest(key.key, body, "sha256").hex()})
    text = body + f"{end}\n".encode()
    if len(text) > MOST_BYTES:
        raise ArchiveError(f"the batch is larger than the {MOST_BYTES:,} bytes of an archive: use a smaller --size")
    packer = zlib.compressobj(wbits=_GZIP)
    return packer.compress(text) + packer.flush()


def decode(name: str, archive: bytes, keys: Mapping[str, bytes]) -> Sequence[tuple[str, str]]:
    """The rows of an archive that was made as `name` with one of the `keys`, which are given by id (ArchiveError).

    The archive is authenticated before any row is parsed.
    """
    body, end = _unpacked(archive)
    try:
        last = json.loads(end)
        key_id, mac = str(last["key_id"]), bytes.fromhex(last["hmac"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ArchiveError("the file is damaged or not an archive") from None
    if key_id not in keys:
        raise ArchiveError(f"the file was made with the key {key_id[:16]!a}, which YOYAKU_ARCHIVE_KEYS lacks: add it")
    if not hmac.compare_digest(hmac.digest(keys[key_id], body, "sha256"), mac):
        raise ArchiveError("the file is damaged, or was changed after it had been written")
    return _rows(name, body)


def _unpacked(archive: bytes) -> tuple[bytes, bytes]:
    """All lines except the last, and the last line."""
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        text = unpacker.decompress(archive, MOST_BYTES + 1)
    except zlib.error:
        raise ArchiveError("the file is damaged or not an archive") from None
    if max(len(archive), len(text)) > MOST_BYTES:
        raise ArchiveError(f"the file is larger than the {MOST_BYTES:,} bytes of an archive")
    before, newline, end = text.removesuffix(b"\n").rpartition(b"\n")
    if not unpacker.eof or unpacker.unused_data or len(end) > _END_BYTES:
        raise ArchiveError("the file is damaged or not an archive")
    return before + newline, end


def _rows(name: str, body: bytes) -> Sequence[tuple[str, str]]:
    try:
        head, *lines = (json.loads(line) for line in body.removesuffix(b"\n").split(b"\n"))
        if head["form"] != FORM:
            raise ArchiveError(f"the file has another format than {FORM!r}")
        if head["name"] != name:
            raise ArchiveError(f"the file was renamed, and names say which is newer: its name was {head['name']}")
        return [(line["table"], json.dumps(line["row"])) for line in lines]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArchiveError("the file is damaged or not an archive") from error
