"""The wheel of a release, installed where nothing of the source tree is."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.integration.command import EXAMPLE, ROOT, ecluse


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own, with the wheel and, from this one, what the locks name."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    _pip(*build)
    [wheel] = folder.glob("ecluse-*.whl")
    here = folder / "here"
    venv.create(here)
    _pip("--python", str(here / "bin" / "python"), "install", "--no-index", "--no-deps", str(wheel))
    [site] = here.glob("lib/python*/site-packages")
    (site / "locked.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return here / "bin" / "ecluse"


def _pip(*arguments: str) -> None:
    """Pip of this environment, quietly; what it says where it fails."""
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
        timeout=100,
    )


def test_it_replays_a_year_as_the_source_tree_does(installed: Path, tmp_path: Path) -> None:
    answer = subprocess.run(
        [installed, "replay", EXAMPLE, "--json", "--db", tmp_path / "ledger.db"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert ecluse("replay", EXAMPLE, "--json").out == answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("schema", "ecluse.budget.voted.v1"),
        ("verify", "--db", "ledger.db"),
        ("topics", "--help"),
        ("schema", "--help"),
        ("treasury", "check", str(ROOT / "deploy" / "treasury.example.yaml")),
    ],
    ids=" ".join,
)
def test_what_a_command_reads_beside_its_code_came_with_it(
    installed: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    subprocess.run(
        [installed, "replay", EXAMPLE, "--db", "ledger.db"], cwd=tmp_path, check=True, timeout=60
    )
    said = subprocess.run(
        [installed, *arguments],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (0, True) == (said.returncode, bool(said.stdout)), said.stderr
