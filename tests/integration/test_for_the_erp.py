"""The ten minutes of docs/for-the-erp.md, as their reader runs them, against a real server."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.processes import embedded
from tests.integration.command import ROOT

PAGE = ROOT / "docs" / "for-the-erp.md"
BLOCK = re.compile(r"```(console|json)\n(.*?)\n```", re.DOTALL)
SERVE = "ecluse serve --embedded --data build/erp"
ADDRESS, DATA, FILES = "http://127.0.0.1:8000", "build/erp", "build/"


def steps() -> list[tuple[str, Any]]:
    """The commands of the first part, each with what its answer holds, as far as it is shown."""
    part = PAGE.read_text(encoding="utf-8").split("\n## Ten minutes\n")[1].split("\n## ")[0]
    found: list[tuple[str, Any]] = []
    for kind, text in BLOCK.findall(part):
        if kind == "console":
            lines = text.splitlines()
            assert all(line.startswith("$ ") for line in lines), text
            found += [(line.removeprefix("$ "), None) for line in lines]
        else:
            found[-1] = found[-1][0], json.loads(text)
    return found


def differences(shown: Any, found: Any, place: str = "") -> list[str]:
    """Where what is shown is not in what was found; members and items may be left out."""
    if isinstance(shown, dict) and isinstance(found, dict):
        return [
            each
            for name, value in shown.items()
            for each in differences(value, found.get(name, ...), f"{place}/{name}")
        ]
    if isinstance(shown, list) and isinstance(found, list) and len(shown) <= len(found):
        pairs = enumerate(zip(shown, found, strict=False))
        return [each for at, pair in pairs for each in differences(*pair, f"{place}/{at}")]
    return [] if shown == found else [f"{place}: {shown!r}, and not {found!r}"]


@pytest.mark.timeout(400)  # Half a minute alone; other tests have the cores too.
def test_ten_minutes_lead_from_nothing_to_outcomes(tmp_path: Path) -> None:
    (serve, _), *others = steps()
    assert serve.endswith(SERVE)
    data, script = tmp_path / "data", ["set -euo pipefail"]
    with embedded(data, log=tmp_path / "log", ECLUSE_AUTH="on") as running:
        for number, (command, _) in enumerate(others):
            own = command.replace(ADDRESS, running.address).replace(DATA, str(data))
            own = own.replace(FILES, f"{tmp_path}/")
            # In one shell, so that a later command has what an earlier one exported.
            script.append(f"{{ {own}\n}} > {shlex.quote(str(tmp_path / f'{number}.out'))}")
        subprocess.run(
            ["bash", "-c", "\n".join(script)], cwd=ROOT, check=True, timeout=1000, text=True
        )
    answers = [(tmp_path / f"{number}.out").read_text() for number in range(len(others))]
    for (command, shown), answer in zip(others, answers, strict=True):
        if shown is not None:
            assert [] == differences(shown, json.loads(answer)), command
    assert answers[-1].count("\ndata: ") == 4, "each record that was journalled"


def test_the_check_of_answers_sees_what_differs() -> None:
    shown = {"a": [{"b": 1}], "c": None}
    assert [] == differences(shown, {"a": [{"b": 1, "x": 2}, {}], "c": None, "y": 3})
    assert ["/a/0/b: 1, and not 2"] == differences(shown, {"a": [{"b": 2}], "c": None})
    assert ["/c: None, and not Ellipsis"] == differences(shown, {"a": [{"b": 1}]})
