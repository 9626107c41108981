"""Files of others, read safely: part by part, within limits, and none that has a DOCTYPE.

libxml2 stops a bomb of entities, yet it expands them in attributes, where PES keeps every value,
whatever `resolve_entities` says: what could declare one is refused before the parser has it.
"""

import re
from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO, Final

from lxml import etree

from events.texts import _
from services.treasury.domain.slips import TreasuryProblem

MEBIBYTE: Final = 1024 * 1024

FILE_BYTES_MAX: Final = 128 * MEBIBYTE
"""The largest file that is read."""

PART_BYTES_MAX: Final = 2 * MEBIBYTE
"""The largest part between two that are read: all of one is in memory, twenty times as large."""

CHUNK_BYTES: Final = 64 * 1024

DOCTYPE: Final = b"<!DOCTYPE"

COMPRESSED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd")
"""First bytes of compressed files: gzip, zip, bzip2, xz, zstd."""

MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""Byte order marks; those of UTF-32 are the second and third with zero bytes."""

ENCODINGS: Final = frozenset(
    {"ISO-8859-1", "ISO-8859-15", "US-ASCII", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-8"}
    | {"WINDOWS-1252"}
)
"""Encodings in which a DOCTYPE has the bytes by which it is found."""

BLANKS: Final = b" \t\r\n"

DECLARATION: Final = re.compile(
    rb"<\?xml\s+version\s*=\s*(?:'[^'<>]*'|\"[^\"<>]*\")"
    rb"(?:\s+encoding\s*=\s*(?:'([^'<>]*)'|\"([^\"<>]*)\"))?"
    rb"(?:\s+standalone\s*=\s*(?:'[a-z]*'|\"[a-z]*\"))?\s*\?>"
)

SAFE: Final[dict[str, Any]] = {
    "attribute_defaults": False,
    "collect_ids": False,
    "dtd_validation": False,
    "huge_tree": False,
    "load_dtd": False,
    "no_network": True,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
    "resolve_entities": False,
}

HAS_DOCTYPE: Final = _("it has a DOCTYPE, which no file of the accountant has: it is not read")
IS_COMPRESSED: Final = _("it is compressed: unpack it first")
IS_EMPTY: Final = _("it is empty")
IS_NO_XML: Final = _("it does not begin as an XML file does")
OTHER_ENCODING: Final = _(
    "its encoding is {encoding}; ISO-8859-1, ISO-8859-15, Windows-1252, UTF-8 and UTF-16 are read"
)
TOO_LARGE: Final = _("it is larger than {limit} MiB")
PART_TOO_LARGE: Final = _("a part of it is larger than {limit} MiB, which no piece is")
NOT_WELL_FORMED: Final = _(
    "it is cut off, damaged or in another encoding than it says (line {line}): ask for it again"
)


class FileRefused(TreasuryProblem):
    """A file is not read."""


class XmlFile:
    """A file of others, read once from its beginning to its end.

    Raises:
        FileRefused: from any method but `sha256`, where it is none that may be read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._source = _Source(stream)

    def root(self) -> str:
        """The name of the root with its namespace, as `{namespace}name`."""
        parser = etree.XMLPullParser(events=("start",), **SAFE)
        line = 1
        try:
            while chunk := self._source.read_ahead():
                parser.feed(chunk)
                for _event, element in parser.read_events():
                    return str(element.tag)
            parser.close()  # It has kept the first four bytes back, which may be all.
            for _event, element in parser.read_events():
                return str(element.tag)
        except etree.XMLSyntaxError as error:
            # What is wrong may stand behind the root.
            for _event, element in parser.read_events():
                return str(element.tag)
            line = error.lineno or 1
        raise FileRefused(NOT_WELL_FORMED.render({"line": line}))

    def parts(self, *names: str) -> Iterator[etree._Element]:
        """Each element of these names once it is complete; afterwards it is dropped.

        With it go its elder siblings and those of all in which it stands.
        """
        try:
            found = etree.iterparse(self._source, events=("end",), tag=names, **SAFE)
            for _event, element in found:
                yield element
                _drop(element)
                self._source.part_bytes = 0
        except etree.XMLSyntaxError as error:
            raise FileRefused(NOT_WELL_FORMED.render({"line": error.lineno or 1})) from error

    def sha256(self) -> str:
        """The digest of the whole file, of one that is too large that of what was read."""
        return self._source.whole_digest()


def _drop(element: etree._Element) -> None:
    element.clear()
    inner: etree._Element | None = element
    while inner is not None:
        outer = inner.getparent()
        while outer is not None and inner.getprevious() is not None:
            del outer[0]
        inner = outer


class _Source:
    """The stream, examined chunk by chunk before the parser has it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = sha256()
        self._length_bytes = 0
        self._tail = b""
        self._ahead = deque[bytes]()
        self.part_bytes = 0
        """Bytes since the last part that was dropped."""

    def read_ahead(self) -> bytes:
        """The next chunk; whoever reads has it again."""
        chunk = self._next()
        self._ahead.append(chunk)
        _check_part(len(self._ahead) * CHUNK_BYTES)
        return chunk

    def read(self, _size: int = -1) -> bytes:
        """The next chunk, as the parser asks for it."""
        chunk = self._ahead.popleft() if self._ahead else self._next()
        self.part_bytes += len(chunk)
        _check_part(self.part_bytes)
        return chunk

    def _next(self) -> bytes:
        is_first = not self._length_bytes
        pieces, left = list[bytes](), CHUNK_BYTES
        while left and (piece := self._stream.read(left)):
            pieces.append(piece)
            left -= len(piece)
        chunk = b"".join(pieces)
        self._digest.update(chunk)
        self._length_bytes += len(chunk)
        if self._length_bytes > FILE_BYTES_MAX:
            raise FileRefused(TOO_LARGE.render({"limit": FILE_BYTES_MAX // MEBIBYTE}))
        self._refuse_doctype(chunk)
        if is_first:
            _check_beginning(chunk)
        return chunk

    def whole_digest(self) -> str:
        """The digest of all bytes, up to the size that is read."""
        while self._length_bytes <= FILE_BYTES_MAX and (chunk := self._stream.read(CHUNK_BYTES)):
            self._digest.update(chunk)
            self._length_bytes += len(chunk)
        return self._digest.hexdigest()

    def _refuse_doctype(self, chunk: bytes) -> None:
        """Find one in any encoding of one, two or four bytes a character, also across chunks."""
        plain = self._tail + chunk.replace(b"\0", b"")
        if DOCTYPE in plain:
            raise FileRefused(HAS_DOCTYPE)
        self._tail = plain[-len(DOCTYPE) :]


def _check_part(length_bytes: int) -> None:
    if length_bytes > PART_BYTES_MAX:
        raise FileRefused(PART_TOO_LARGE.render({"limit": PART_BYTES_MAX // MEBIBYTE}))


def _check_beginning(first: bytes) -> None:
    if not first.strip(BLANKS):
        raise FileRefused(IS_EMPTY)
    if first.startswith(COMPRESSED):
        raise FileRefused(IS_COMPRESSED)
    plain = first
    for mark in MARKS:
        plain = plain.removeprefix(mark)
    plain = plain.replace(b"\0", b"").lstrip(BLANKS)
    if not plain.startswith(b"<"):
        raise FileRefused(IS_NO_XML)
    if not re.match(rb"<\?xml\s", plain):
        return
    declared = DECLARATION.match(plain)
    if declared is None:
        raise FileRefused(NOT_WELL_FORMED.render({"line": 1}))
    encoding = (declared[1] or declared[2] or b"UTF-8").decode("ascii", "replace")
    if encoding.upper() not in ENCODINGS:
        raise FileRefused(OTHER_ENCODING.render({"encoding": encoding[:40]}))
