"""`python -m tests.mutation.planted MODULE FILE TEST…`: the tests, with FILE read as MODULE.

Of a mutant outside functions, which has its effect when its module is imported.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Final

import pytest

PYTEST: Final = (
    "--quiet",
    "--maxfail=1",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    # The judge counts processor time: a mutant may have to wait for a busy machine.
    "-o",
    "timeout=0",
)
"""How the tests that judge are run."""


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - there is one module
        """Never from a cache: the true module has one."""
        return self.source_to_code(self.get_data(self.path), self.path)


class _Finder(MetaPathFinder):
    def __init__(self, module: str, file: str) -> None:
        self._module, self._file = module, file

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the importer gives them
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        loader = _Loader(fullname, self._file)
        return spec_from_file_location(fullname, self._file, loader=loader)


def main(module: str, file: str, *tests: str) -> int:
    """Runs the tests until one fails; pytest's exit code."""
    sys.meta_path.insert(0, _Finder(module, file))
    return int(pytest.main([*PYTEST, *tests]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
