"""Numbers in Valkey that only rise. Each is signed under its key, so that only a worker can raise it.

A value is twenty digits and a signature. The digits are compared in Valkey, which cannot check the signature; who reads
a value that no worker signed lets it expire, or removes it.
"""

from collections.abc import Mapping

from db.valkey.signer import BYTES, Signer

_DIGITS = 20
"""A number has 64 bits."""

# Arguments: the seconds that values are kept (0: for ever), then one value for each key.
_RAISE = f"""
local function number(value)
    return #value == {_DIGITS + BYTES} and tonumber(string.match(value, '^{"%d" * _DIGITS}')) or -1
end
for i, key in ipairs(KEYS) do
    local held = redis.pcall('GET', key)
    local life, value = ARGV[2 * i - 1], ARGV[2 * i]
    if type(held) ~= 'string' or number(held) < number(value) then
        redis.call('SET', key, value)
    end
    if life ~= '0' then
        redis.call('EXPIRE', key, life)
    end
end
"""
# Removes what was seen, unless it has been replaced since.
_REMOVE = """
for i, key in ipairs(KEYS) do
    if redis.pcall('GET', key) == ARGV[i] then
        redis.call('DEL', key)
    end
end
"""

Command = list[str | int | bytes]


class SignedNumbers:
    """Numbers of one kind; the commands returned are to be sent by the caller."""

    def __init__(self, signer: Signer, kind: str) -> None:
        self._signer = signer
        self._kind = kind

    def raised(self, numbers: Mapping[str, tuple[int, int]]) -> Command:
        """The command that raises each key to a number, unless a higher one is there: (number, seconds to keep it)."""
        values: list[int | bytes] = []
        for key, (number, seconds) in numbers.items():
            values += [seconds, self._signer.sign(self._kind, b"%0*d" % (_DIGITS, number), key)]
        return ["EVAL", _RAISE, len(numbers), *numbers, *values]

    def number(self, key: str, value: bytes) -> int | None:
        """The number in a value, or None if no worker put it there; that is logged once."""
        digits = self._signer.verified(self._kind, value, key)
        return int(digits) if digits and digits.isdigit() else None

    @staticmethod
    def removed(values: Mapping[str, bytes]) -> Command:
        """The command that removes the values of keys, unless they have been replaced."""
        return ["EVAL", _REMOVE, len(values), *values, *values.values()]
