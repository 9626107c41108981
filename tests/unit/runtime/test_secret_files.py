"""A secret is read again when its file changes, and never while it is being written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.runtime.ops import settings
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import SECRET_BYTES_MAX, WRITING_S, Secret

NAME = "oidc_client_secret"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret"
    path.write_text("first\n")
    monkeypatch.setenv("ECLUSE_OIDC_CLIENT_SECRET_FILE", str(path))
    age(path)
    return path


def age(file: Path, seconds: float = WRITING_S + 0.1) -> None:
    """Have its last change be so long ago."""
    changed_s = wall_clock() - seconds
    os.utime(file, (changed_s, changed_s))


def test_a_file_that_rests_is_taken_at_its_next_use(file: Path) -> None:
    secret = Secret(NAME, SecretStr("first"))
    assert "first" == secret.value()
    file.write_text("second, half")
    assert "first" == secret.value(), "somebody may still be writing it"
    file.write_text("second, whole")
    age(file)
    assert ["second, whole"] * 2 == [secret.value() for _ in range(2)]


def test_a_change_between_the_settings_and_the_first_use_is_taken(file: Path) -> None:
    file.write_text("second")
    age(file)
    assert "second" == Secret(NAME, SecretStr("first")).value()


def test_a_file_of_tomorrow_is_taken(file: Path) -> None:
    """As another machine's clock may have it."""
    secret = Secret(NAME, SecretStr("first"))
    file.write_text("second")
    age(file, -86_400)
    assert "second" == secret.value()


def test_a_file_is_read_once_a_change(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret(NAME, SecretStr("first"))
    secret.value()
    monkeypatch.setattr(settings, "_read_secret", lambda _file: pytest.fail("it is read again"))
    assert "first" == secret.value()


def test_a_file_that_is_replaced_by_a_link_is_taken(file: Path) -> None:
    """As Kubernetes does it."""
    secret = Secret(NAME, SecretStr("first"))
    newer = file.with_name("newer")
    newer.write_text("other")
    age(newer)
    file.unlink()
    file.symlink_to(newer)
    assert "other" == secret.value()


def as_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILED: list[tuple[str, Callable[[Path], object]]] = [
    ("empty", lambda path: path.write_text("")),
    ("blank", lambda path: path.write_text(" \n\n")),
    ("no text", lambda path: path.write_bytes(b"\xff\xfe\x00")),
    ("too large", lambda path: path.write_text("a" * (SECRET_BYTES_MAX + 1))),
    ("away", lambda path: path.unlink()),
    ("a folder", as_a_folder),
]


@pytest.mark.parametrize("spoil", [row[1] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_what_is_no_secret_leaves_the_value_as_it_was(
    file: Path, spoil: Callable[[Path], object]
) -> None:
    secret = Secret(NAME, SecretStr("first"))
    secret.value()
    spoil(file)
    if file.exists():
        age(file)
    with capture_logs() as logged:
        assert ["first"] * 4 == [secret.value() for _ in range(4)]
    assert 1 == str(logged).count("secret_file_not_taken")
    assert "ECLUSE_OIDC_CLIENT_SECRET" in str(logged)
    if file.is_dir():
        file.rmdir()
    file.write_text("third")
    age(file)
    with capture_logs() as logged:
        assert "third" == secret.value()
    assert [] != logged
    assert "third" not in str(logged)


def test_the_value_of_a_variable_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECLUSE_OIDC_CLIENT_SECRET_FILE", raising=False)
    assert "first" == Secret(NAME, SecretStr("first")).value()
    assert Secret(NAME, None).value() is None
