"""The wheel of a release, installed where nothing of the source tree is."""

import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.integration.command import EXAMPLE, ROOT, ecluse


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own, with the wheel and, from this one, what the wheel asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    _pip(*build)
    [wheel] = folder.glob("ecluse-*.whl")
    here = folder / "here"
    venv.create(here)
    _pip("--python", str(here / "bin" / "python"), "install", "--no-index", "--no-deps", str(wheel))
    [site] = here.glob("lib/python*/site-packages")
    [itself] = distributions(name="ecluse", path=[str(site)])
    for each in _asked_for(itself):
        for name in {file.parts[0] for file in each.files or () if file.parts[0] != ".."}:
            if not (site / name).exists():
                (site / name).symlink_to(str(each.locate_file(name)))
    return here / "bin" / "ecluse"


def _asked_for(itself: Distribution) -> list[Distribution]:
    """What it needs, and what that needs, by what each distribution says of itself."""
    found: dict[str, Distribution] = {}
    left = [(itself, "")]
    seen = set[tuple[str, str]]()
    while left:
        one, extra = left.pop()
        for need in map(Requirement, one.requires or ()):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                found[need.name] = distribution(need.name)
                then = {(need.name, each) for each in ("", *need.extras)} - seen
                seen |= then
                left += [(found[need.name], each) for _, each in then]
    return list(found.values())


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
        ("balances", "--db", "ledger.db", "--json"),
        ("config", "show"),
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


def test_every_module_finds_what_it_imports(installed: Path, tmp_path: Path) -> None:
    walk = (
        "import importlib, pkgutil, events, services\n"
        "for package in (events, services):\n"
        "    for each in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not each.name.endswith('.env') and '.versions.' not in each.name:\n"
        "            importlib.import_module(each.name)\n"
    )
    python = installed.with_name("python")
    subprocess.run([python, "-c", walk], cwd=tmp_path, check=True, timeout=100)
