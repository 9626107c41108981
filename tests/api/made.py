"""Read models that tests only read, each made once a session; fixtures of conftest.py."""

from collections.abc import Callable, Sequence
from hashlib import sha256

import pytest

from tests.read_model import databases
from tests.read_model.filling import fill

Made = Callable[[Sequence[bytes]], str]
"""Gives the address of a read model with the rows of a journal."""


@pytest.fixture(scope="session")
def made_in_files(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A read model in a file, with the rows of this journal."""
    folder = tmp_path_factory.mktemp("read-models")
    return _once(lambda name: databases.in_a_file(folder / f"{name}.db"))


@pytest.fixture(scope="session")
def made_on_postgresql(request: pytest.FixtureRequest) -> Made:
    """The same on a real PostgreSQL, which starts when it is first asked for."""
    return _once(lambda _: str(request.getfixturevalue("postgresql_server").a_read_model()))


@pytest.fixture(params=databases.BOTH)
def made(request: pytest.FixtureRequest) -> Made:
    """The same test on both."""
    names = {databases.SQLITE: "made_in_files", databases.POSTGRESQL: "made_on_postgresql"}
    found: Made = request.getfixturevalue(names[request.param])
    return found


def _once(empty: Callable[[str], str]) -> Made:
    urls: dict[str, str] = {}

    def make(journal: Sequence[bytes]) -> str:
        name = sha256(b"\n".join(journal)).hexdigest()[:16]
        if name not in urls:
            urls[name] = empty(name)
            fill(urls[name], journal)
        return urls[name]

    return make
