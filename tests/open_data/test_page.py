"""The part of docs/for-the-treasury.md on open data: its commands do what it says."""

import re
import shlex
from pathlib import Path

import pytest

from tests.integration.command import ROOT, ecluse
from tests.open_data.schema_check import faults, rows_of
from tests.read_model.databases import in_a_file
from tests.read_model.filling import fill, journal_of

PAGE = (ROOT / "docs" / "for-the-treasury.md").read_text(encoding="utf-8")
PART = PAGE.split("\n## Open data\n")[1].split("\n## ")[0]
COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)


def test_the_page_leads_from_a_year_to_a_valid_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve, *commands = COMMAND.findall(PART)
    assert "serve --embedded --data build/open --load" in serve
    data = tmp_path / "open"
    data.mkdir()
    year = serve.split("--load ")[1]
    fill(in_a_file(data / "read.db"), journal_of(ROOT / year))
    monkeypatch.chdir(ROOT)
    env: dict[str, str] = {}
    for command in commands:
        own = command.replace("build/open", str(data)).replace("build/", f"{tmp_path}/")
        if own.startswith("export "):
            name, value = own.removeprefix("export ").split("=", 1)
            env[name] = value
            continue
        program, *args = shlex.split(own)
        assert ".venv/bin/ecluse" == program
        with monkeypatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            result = ecluse(*args)
        assert 0 == result.code, result.err
    content = (tmp_path / "subventions.csv").read_bytes()
    assert [] == faults(content)
    assert 1 == len(rows_of(content))
