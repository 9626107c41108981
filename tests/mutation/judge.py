"""A pytest plugin that judges mutants: one collection, and a fork for each.

Once the tests are collected, a first fork runs them all and notes which of them call which
function of the domain. Then each mutant has a fork of its own, where its function's code is put in
the place of the true one, and the tests that call it run, quickest first, until one fails. What
stands outside functions has been used before any test runs: such a mutant has a new interpreter,
and all tests.
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Final, Literal

import pytest

from tests.mutation.mutants import DOMAIN, ROOT, Mutant

Verdict = Literal["killed", "survived", "timed_out"]

CPU_S_MAX: Final = 40
"""The time of the processor for a mutant, many times that of all tests: one that loops is ended."""
MEMORY_BYTES_MAX: Final = 4 << 30
"""The same for one that only grows."""
PASSED, FAILED = 0, 1

Calls = dict[str, dict[str, float]]
"""By function (`limits.find_shortfall`), the tests that call it with their seconds."""


class Judge:
    """The plugin. `on_verdict` is given each verdict as it falls."""

    def __init__(
        self, mutants: Sequence[Mutant], on_verdict: Callable[[Mutant, Verdict], None]
    ) -> None:
        self._mutants = mutants
        self._on_verdict = on_verdict
        self.tests = 0
        """How many tests judge."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of the tests, the mutants."""
        assert not session.testsfailed, "the tests could not be collected"
        self.tests = len(session.items)
        if not self._mutants:
            return True
        calls = _calls_of(session)
        quickest = {test: took_s for tests in calls.values() for test, took_s in tests.items()}
        judged_unchanged = False
        inside = [mutant for mutant in self._mutants if mutant.scope is not None]
        for mutant in inside:
            called_by = calls.get(f"{mutant.module}.{mutant.scope}", {})
            items = [item for item in session.items if item.nodeid in called_by]
            items.sort(key=lambda item: quickest[item.nodeid])
            if not judged_unchanged:
                # What kills a mutant is the change, not that code was put in the place of code.
                assert _forked(mutant.unchanged(), items, session) == "survived"
                judged_unchanged = True
            self._on_verdict(mutant, _forked(mutant, items, session))
        files = sorted({str(item.path) for item in session.items})
        for mutant in self._mutants:
            if mutant.scope is None:
                self._on_verdict(mutant, _outside_functions(mutant, files))
        return True


def _in_a_fork(child: Callable[[], None]) -> int:
    """Runs `child` in a fork; the status that the system gives of it."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            child()
            os._exit(PASSED)
        except BaseException:  # noqa: BLE001 - whatever it is, the mutant has been noticed
            os._exit(FAILED)
    _, status = os.waitpid(pid, 0)
    return status


def _verdict_of(status: int) -> Verdict:
    if os.WIFSIGNALED(status):
        return _verdict_of_signal(os.WTERMSIG(status))
    return "survived" if os.WEXITSTATUS(status) == PASSED else "killed"


def _verdict_of_signal(number: int) -> Verdict:
    return "timed_out" if number == signal.SIGXCPU else "killed"


def _quietly(session: pytest.Session) -> None:
    session.config.pluginmanager.unregister(name="terminalreporter")


def _run(item: pytest.Item, session: pytest.Session) -> None:
    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    if session.testsfailed:
        os._exit(FAILED)


def _forked(mutant: Mutant, items: Sequence[pytest.Item], session: pytest.Session) -> Verdict:
    def judge() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
        _quietly(session)
        plant(mutant)
        for item in items:
            _run(item, session)

    return _verdict_of(_in_a_fork(judge))


def plant(mutant: Mutant) -> None:
    """Puts the mutant's code into the function as everybody knows it, however they imported it."""
    assert mutant.scope is not None, "only a function can be changed where it stands"
    module = importlib.import_module(_import_name(mutant))
    names: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    # Under its own name, so that dataclasses and the like find their module.
    exec(compile(mutant.source(), str(mutant.path), "exec"), names)
    true, other = (_function(place, mutant.scope) for place in (vars(module), names))
    true.__code__ = other.__code__
    true.__defaults__ = other.__defaults__
    true.__kwdefaults__ = other.__kwdefaults__


def _function(names: dict[str, Any], scope: str) -> FunctionType:
    *classes, name = scope.split(".")
    for each in classes:
        names = vars(names[each])
    found = names[name]
    if isinstance(found, property):
        found = found.fget
    found = getattr(found, "__func__", found)
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    assert isinstance(found, FunctionType), f"{scope} is no function: {found}"
    return found


def _import_name(mutant: Mutant) -> str:
    return f"services.ledger.domain.{mutant.module}"


def _calls_of(session: pytest.Session) -> Calls:
    """Which tests call which function, and how long they take; all of them must pass."""
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:

        def note() -> None:
            _quietly(session)
            Path(file.name).write_text(json.dumps(dict(_noted(session))), encoding="utf-8")

        status = _in_a_fork(note)
        assert _verdict_of(status) == "survived", (
            "the tests fail without any mutant: mend them first"
        )
        noted = json.loads(file.read())
    calls: Calls = defaultdict(dict)
    for test, (took_s, functions) in noted.items():
        for function in functions:
            calls[function][test] = took_s
    return calls


def _noted(session: pytest.Session) -> Iterator[tuple[str, tuple[float, list[str]]]]:
    names: dict[CodeType, str | None] = {}
    for item in session.items:
        called: set[str] = set()

        def note(frame: FrameType, event: str, _: object, called: set[str] = called) -> None:
            if event != "call":
                return
            code = frame.f_code
            if code not in names:
                names[code] = _name_of(code)
            name = names[code]
            if name is not None:
                called.add(name)

        start = time.process_time()
        sys.setprofile(note)
        try:
            _run(item, session)
        finally:
            sys.setprofile(None)
        yield item.nodeid, (time.process_time() - start, sorted(called))


def _name_of(code: CodeType) -> str | None:
    """`limits.find_shortfall` for the code of that function or of anything inside it."""
    path = Path(code.co_filename)
    if not path.is_relative_to(DOMAIN):
        return None
    module = ".".join(path.relative_to(DOMAIN).with_suffix("").parts)
    return f"{module}.{code.co_qualname.split('.<locals>')[0]}"


def _outside_functions(mutant: Mutant, tests: Sequence[str]) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mutant.py")
        file.write_text(mutant.source(), encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, "-m", "tests.mutation.planted", _import_name(mutant), file, *tests],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX + 1)),
            check=False,
        )
    if ended.returncode < 0:
        return _verdict_of_signal(-ended.returncode)
    return "survived" if ended.returncode == PASSED else "killed"
