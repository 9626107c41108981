"""The commands of docs/for-operators.md, and a shell in which an operator would type them."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from tests.integration.command import ROOT, environment
from tests.kafka.processes import BIN

PAGE: Final = ROOT / "docs" / "for-operators.md"
COMMAND: Final = re.compile(r"^\$ (.*)$", re.MULTILINE)
TIMEOUT_S: Final = 120


def commands_of(part: str) -> list[str]:
    """The commands of a part of the page, in their order."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {part}\n")[1].split("\n## ")[0]
    found = COMMAND.findall(text)
    assert found, part
    return found


class Shell:
    """Bash in a folder, with our command and PostgreSQL's on the PATH."""

    def __init__(self, folder: Path, database: str, postgresql: Path) -> None:
        url = make_url(database)
        self._folder = folder
        self._environment = {
            **environment(),
            "PATH": os.pathsep.join([*map(str, (BIN, postgresql)), os.environ["PATH"]]),
            "PGHOST": str(url.query["host"]),
            "PGUSER": str(url.username),
            "PGDATABASE": str(url.database),
            "ECLUSE_DATABASE_URL": database,
        }

    def run(self, command: str, settings: Mapping[str, str], *, partitions: int) -> str:
        """What a command of the page prints, with these settings; it must succeed."""
        typed = command.replace("--partitions 12", f"--partitions {partitions}")
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{typed}"],
            cwd=self._folder,
            env={**self._environment, **settings},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert 0 == done.returncode, f"{typed}\n{done.stdout}{done.stderr}"
        return done.stdout
