"""Errors of the operating system and of SQLite, in words of either language."""

import errno
import os
import sqlite3
import ssl
from pathlib import Path

import pytest

from services.texts.language import Language
from services.texts.translation import BY_NUMBER, error_text, translate


def _sqlite_error(path: Path) -> sqlite3.Error:
    path.write_text("This is not a database. " * 99)
    with pytest.raises(sqlite3.Error) as error:
        sqlite3.connect(path).execute("SELECT * FROM sqlite_master")
    return error.value


def _words(error: Exception) -> tuple[str, str]:
    text = error_text(error)
    return translate(text, Language.EN), translate(text, Language.FR)


def test_an_error_of_the_system_is_named_without_its_number_and_path(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as error:
        tmp_path.read_bytes()
    assert ("Is a directory", "c'est un dossier") == _words(error.value)


def test_the_words_of_asyncio_about_an_address_are_those_of_the_system() -> None:
    error = OSError(errno.EADDRINUSE, "error while attempting to bind on address ('::1', 80)")
    assert ("Address already in use", "adresse déjà utilisée") == _words(error)


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="other systems have words of their own")
@pytest.mark.parametrize("number", BY_NUMBER)
def test_the_english_words_are_those_of_linux(number: int) -> None:
    assert os.strerror(number) == _words(OSError(number, ""))[0]


def test_an_error_of_sqlite_is_translated(tmp_path: Path) -> None:
    french = "ce fichier n'est pas une base"
    assert ("file is not a database", french) == _words(_sqlite_error(tmp_path / "ledger.db"))


def test_text_in_another_encoding_is_called_that() -> None:
    with pytest.raises(UnicodeDecodeError) as error:
        "prévu".encode("latin-1").decode()
    assert "it is no text in UTF-8, from byte 2 on" == _words(error.value)[0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EXDEV, "Invalid cross-device link"), "Invalid cross-device link"),
        (OSError("cannot read from timed out object"), "cannot read from timed out object"),
        (TimeoutError(), "TimeoutError"),
        (ssl.SSLError(errno.EPERM, "tlsv1 alert unknown ca"), "tlsv1 alert unknown ca"),
    ],
)
def test_an_error_that_is_not_known_keeps_its_own_words(error: OSError, words: str) -> None:
    assert (words, words) == _words(error)
