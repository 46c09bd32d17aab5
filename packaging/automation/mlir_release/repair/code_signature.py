"""Whether the code signature of a Mach-O file is of the bytes that it has.

Apple's arm64 systems kill a program that loads a library whose pages are not what the signature says, so
whoever rewrites a file has to sign it anew; without a certificate that is an ad-hoc signature. No library
compares the hashes. The format is that of xnu's ``osfmk/kern/cs_blobs.h``: all numbers are big-endian.
"""

from __future__ import annotations

import hashlib
import struct

_SUPER_BLOB, _CODE_DIRECTORY = 0xFADE0CC0, 0xFADE0C02
_BLOB = struct.Struct(">II")  # magic and length
_COUNT = struct.Struct(">I")
_INDEX = struct.Struct(">II")  # type and offset
# magic, length, version, flags, hashOffset, identOffset, nSpecialSlots, nCodeSlots, codeLimit,
# hashSize, hashType, platform, pageSize (its binary logarithm)
_DIRECTORY = struct.Struct(">9I4B")
_HASHES = {1: "sha1", 2: "sha256"}
_LARGEST_PAGE = 20


def problem(code: bytes, offset: int, size: int) -> str | None:
    """What is wrong with a signature; None for one that is right.

    Args:
        code: all bytes of the file; of one for several processors, of one of them.
        offset: where the signature begins, as LC_CODE_SIGNATURE says.
        size: how many bytes it has.
    """
    try:
        directories = [
            it for it in _blobs(code[offset : offset + size]) if it[:4] == _CODE_DIRECTORY.to_bytes(4)
        ]
        if not directories:
            return "has a signature without hashes"
        stale = any(not _matches(it, code, offset) for it in directories)
    except (struct.error, KeyError, ValueError) as error:
        return f"has a signature that cannot be read ({error})"
    return "has a signature of other bytes than it has" if stale else None


def _blobs(signature: bytes) -> list[bytes]:
    """The parts of a signature."""
    magic, length = _BLOB.unpack_from(signature)
    if magic != _SUPER_BLOB or length > len(signature):
        raise ValueError("it is cut short, or none")
    (count,) = _COUNT.unpack_from(signature, _BLOB.size)
    found = []
    for position in range(count):
        _, offset = _INDEX.unpack_from(signature, _BLOB.size + _COUNT.size + position * _INDEX.size)
        _, blob_length = _BLOB.unpack_from(signature, offset)
        found.append(signature[offset : offset + blob_length])
    return found


def _matches(directory: bytes, code: bytes, offset: int) -> bool:
    """Whether the hashes in a code directory are those of the pages before the signature."""
    fields = _DIRECTORY.unpack_from(directory)
    hash_offset, slots, limit = fields[4], fields[7], fields[8]
    size, name, page_bits = fields[9], _HASHES[fields[10]], fields[12]
    if page_bits > _LARGEST_PAGE:
        raise ValueError(f"pages of 2**{page_bits} bytes")
    page = 1 << page_bits
    pages = [code[start : min(start + page, limit)] for start in range(0, limit, page)]
    said = [directory[hash_offset + size * it : hash_offset + size * (it + 1)] for it in range(slots)]
    return limit == offset and said == [hashlib.new(name, it).digest()[:size] for it in pages]
