"""A secret is read again when its file changes, and never while it is being written."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.ops.secret_files import BYTES_MAX, CHECK_EVERY_S, Secret

NAME = "oidc_client_secret"


class Clock:
    """Seconds that pass by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret"
    path.write_text("first\n")
    monkeypatch.setenv("ECLUSE_OIDC_CLIENT_SECRET_FILE", str(path))
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


def looks(secret: Secret, clock: Clock, count: int) -> list[str | None]:
    """The value after each of so many looks at the file."""
    values = []
    for _ in range(count):
        clock.now_s += CHECK_EVERY_S
        values.append(secret.value())
    return values


def test_a_changed_file_is_taken_once_it_rests(file: Path, clock: Clock) -> None:
    secret = Secret(NAME, SecretStr("first"), clock)
    assert ["first", "first"] == looks(secret, clock, 2)
    file.write_text("second, half")
    assert ["first"] == looks(secret, clock, 1)
    file.write_text("second, whole")
    assert ["first", "second, whole", "second, whole"] == looks(secret, clock, 3)


def test_a_file_is_looked_at_now_and_then_alone(file: Path, clock: Clock) -> None:
    secret = Secret(NAME, SecretStr("first"), clock)
    file.unlink()
    file.mkdir()  # Who opens it fails.
    clock.now_s = CHECK_EVERY_S - 0.1
    assert "first" == secret.value()


def test_a_file_that_is_replaced_by_a_link_is_taken(file: Path, clock: Clock) -> None:
    """As Kubernetes does it."""
    secret = Secret(NAME, SecretStr("first"), clock)
    newer = file.with_name("newer")
    newer.write_text("other")
    file.unlink()
    file.symlink_to(newer)
    assert ["first", "other"] == looks(secret, clock, 2)


def as_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILED: list[tuple[str, Callable[[Path], object]]] = [
    ("empty", lambda path: path.write_text("")),
    ("blank", lambda path: path.write_text(" \n\n")),
    ("no text", lambda path: path.write_bytes(b"\xff\xfe\x00")),
    ("too large", lambda path: path.write_text("a" * (BYTES_MAX + 1))),
    ("away", lambda path: path.unlink()),
    ("a folder", as_a_folder),
]


@pytest.mark.parametrize("spoil", [row[1] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_what_is_no_secret_leaves_the_value_as_it_was(
    file: Path, clock: Clock, spoil: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    secret = Secret(NAME, SecretStr("first"), clock)
    spoil(file)
    assert ["first"] * 4 == looks(secret, clock, 4)
    shown = capsys.readouterr().out
    assert 1 == shown.count("secret_file_not_taken")
    assert "ECLUSE_OIDC_CLIENT_SECRET" in shown
    if file.is_dir():
        file.rmdir()
    file.write_text("third")
    assert ["first", "third"] == looks(secret, clock, 2)
    assert "third" not in capsys.readouterr().out


def test_the_value_of_a_variable_stays(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.delenv("ECLUSE_OIDC_CLIENT_SECRET_FILE", raising=False)
    assert ["first"] == looks(Secret(NAME, SecretStr("first"), clock), clock, 1)
    assert [None] == looks(Secret(NAME, None, clock), clock, 1)
