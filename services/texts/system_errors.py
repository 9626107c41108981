"""Errors of the operating system and of SQLite as texts, in English and French."""

import errno
import ssl
from typing import Final

from events.texts import Translatable, _, verbatim

BY_NUMBER: Final = {
    errno.ENOENT: _("No such file or directory"),
    errno.EACCES: _("Permission denied"),
    errno.EPERM: _("Operation not permitted"),
    errno.EEXIST: _("File exists"),
    errno.ENOTDIR: _("Not a directory"),
    errno.EISDIR: _("Is a directory"),
    errno.ENAMETOOLONG: _("File name too long"),
    errno.EFBIG: _("File too large"),
    errno.ENOSPC: _("No space left on device"),
    errno.EDQUOT: _("Disk quota exceeded"),
    errno.EROFS: _("Read-only file system"),
    errno.EIO: _("Input/output error"),
    errno.EBUSY: _("Device or resource busy"),
    errno.EMFILE: _("Too many open files"),
    errno.EADDRINUSE: _("Address already in use"),
    errno.EADDRNOTAVAIL: _("Cannot assign requested address"),
    errno.ECONNREFUSED: _("Connection refused"),
    errno.ETIMEDOUT: _("Connection timed out"),
    errno.ENETUNREACH: _("Network is unreachable"),
    errno.EHOSTUNREACH: _("No route to host"),
}
"""Of the operating system: asyncio puts words of its own around these."""

BY_TEXT: Final = {
    each.msgid: each
    for each in (
        _("Name or service not known"),
        _("Temporary failure in name resolution"),
        _("database or disk is full"),
        _("database is locked"),
        _("attempt to write a readonly database"),
        _("unable to open database file"),
        _("database disk image is malformed"),
        _("file is not a database"),
        _("disk I/O error"),
    )
}
"""Of the resolver of names, and of SQLite."""

NOT_UTF_8 = _("it is no text in UTF-8, from byte {byte} on")


def error_text(error: Exception) -> Translatable:
    """The text of an error; of one that is not known here, the English of its library."""
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF_8.render({"byte": error.start})
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):  # Numbers of its own.
        if error.errno in BY_NUMBER:
            return BY_NUMBER[error.errno]
        text = error.strerror or text
    return BY_TEXT.get(text) or verbatim(text or type(error).__name__)
