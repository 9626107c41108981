"""A day's work of docs/for-the-treasury.md, as its reader does it, against a real server."""

import json
import re
import shlex
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.processes import embedded
from tests.integration.command import ROOT
from tests.waiting import eventually

PAGE = ROOT / "docs" / "for-the-treasury.md"
COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)
CODES = "deploy/treasury.example.yaml"
SLIP = "21590350100017-00-2023-S1"


def commands() -> list[str]:
    """The commands of the part, in their order."""
    part = PAGE.read_text(encoding="utf-8").split("\n## A day's work\n")[1].split("\n## ")[0]
    return COMMAND.findall(part)


def paid_cents(data: Path) -> int:
    with closing(sqlite3.connect(data / "read.db")) as database:
        return int(database.execute("SELECT sum(paid_cents) FROM payment_orders").fetchone()[0])


@pytest.mark.timeout(400)  # Half a minute alone; other tests have the cores too.
def test_a_day_leads_from_the_order_to_its_payment(tmp_path: Path) -> None:
    first, serve, *others = commands()
    assert f"ECLUSE_TREASURY_FILE={CODES}" in serve
    posted = others.pop()
    assert posted.startswith("curl")
    data = tmp_path / "treasury"

    def own(command: str) -> str:
        mine = command.replace("build/treasury/", f"{data}/").replace("build/", f"{tmp_path}/")
        return mine.replace("sqlite:///", "sqlite:////") if "sqlite:///" in mine else mine

    subprocess.run(["bash", "-c", own(first)], cwd=ROOT, check=True, timeout=100)
    quick = {"ECLUSE_TREASURY_FILE": CODES, "ECLUSE_TREASURY_POLL_S": "0.2"}
    loaded = ("--load", tmp_path / "advance.jsonl")
    with embedded(data, *loaded, log=tmp_path / "log", **quick) as running:
        steps = [
            f"{{ {own(each)}\n}} > {shlex.quote(str(tmp_path / f'{number}.out'))}"
            for number, each in enumerate(others)
        ]
        script = "\n".join(["set -euo pipefail", "export ECLUSE_LANG=en COLUMNS=200", *steps])
        subprocess.run(["bash", "-c", script], cwd=ROOT, check=True, timeout=1000)
        said = [(tmp_path / f"{number}.out").read_text() for number in range(len(others))]
        eventually(lambda: paid_cents(data) == 113_180_000, lambda: str(said))
        again = posted.replace("$ECLUSE", running.address)
        answer = subprocess.run(
            ["bash", "-c", again], cwd=ROOT, check=True, timeout=100, capture_output=True, text=True
        )
    by_command = dict(zip(others, said, strict=True))
    assert "CONV-2023-LILLE-AVENIRS/avance" in by_command[".venv/bin/ecluse slips waiting"]
    (file,) = tmp_path.glob("PES_*.xml")
    assert 'V="1131800.00"' in file.read_text(encoding="iso-8859-1")
    acquit = by_command[".venv/bin/ecluse returns take schemas/examples/returns/acquit.xml"]
    assert f"the gateway accepted slip {SLIP}" in acquit
    returns = [text for command, text in zip(others, said, strict=True) if "return.xml" in command]
    assert [["4 new events"], ["0 new events"]] == [
        re.findall(r"\d new events", text) for text in returns
    ]
    taken = json.loads(answer.stdout)
    assert ("taken", 0) == (taken["outcome"], taken["events"])
