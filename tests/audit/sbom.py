"""What is in the wheel and in the image, as CycloneDX documents (SBOM)."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tests.integration.command import ROOT

LOCK: Final = ROOT / "requirements" / "run.txt"
OURS: Final = "ecluse"
LIMIT_S: Final = 120

# One line each: of Python's packages, and of Debian's.
ASKED_OF_PYTHON: Final = (
    "import platform, importlib.metadata as m;"
    "print('python', platform.python_version());"
    "[print(each.name, each.version) for each in m.distributions()]"
)
ASKED_OF_DEBIAN: Final = (
    "-W",
    "-f=${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package}\n",
)


class NotInTheLock(Exception):
    """An image holds a package that no lock names."""


def of_wheel(out: Path) -> None:
    """Write what the wheel runs on: all packages of the lock, with the hashes that it takes."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(LOCK)]
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "-o", str(out)]
    subprocess.run([*command, *options], check=True, timeout=LIMIT_S, capture_output=True)


def of_image(image: str, wheel: Path, out: Path) -> None:
    """Write what an image holds: its Python packages, as in the wheel's document, and Debian's.

    Raises:
        subprocess.CalledProcessError: the engine has no such image, or does not answer.
        NotInTheLock: a Python package is in it that the wheel's document does not name.
    """
    python = [each.split() for each in _printed(image, "python", "-c", ASKED_OF_PYTHON)]
    debian = [each.split() for each in _printed(image, "dpkg-query", *ASKED_OF_DEBIAN)]
    document = image_document(json.loads(wheel.read_text(encoding="utf-8")), python, debian)
    whole = Component(name=image, type=ComponentType.CONTAINER, bom_ref=image)
    document.metadata.component = whole
    document.register_dependency(whole, document.components)
    JsonV1Dot6(document).output_to_file(str(out), allow_overwrite=True, indent=2)


def image_document(wheel: dict[str, Any], python: list[list[str]], debian: list[list[str]]) -> Bom:
    """The document of an image, from what it prints.

    Raises:
        NotInTheLock: it prints a Python package that the wheel's document does not name.
    """
    (_, interpreter), *installed = python
    # The library adds this method when it is imported; types do not see it.
    named = Bom.from_json(wheel).components  # type: ignore[attr-defined]
    locked = {_normal(each.name): each for each in named}
    document = Bom()
    document.components.add(_component("generic", "python", interpreter))
    for name, version in installed:
        if name == OURS:
            document.components.add(_component("pypi", name, version))
        elif (found := locked.get(_normal(name))) is None or found.version != version:
            raise NotInTheLock(f"{name} {version}")
        else:
            document.components.add(found)
    document.components.update(_debian(debian))
    return document


def _debian(lines: list[list[str]]) -> Iterator[Component]:
    for status, name, version, architecture, source in lines:
        if status == "installed":
            qualifiers = {"arch": architecture, "upstream": source}
            yield _component("deb", name, version, "debian", qualifiers)


def _component(
    kind: str,
    name: str,
    version: str,
    namespace: str | None = None,
    qualifiers: dict[str, str] | None = None,
) -> Component:
    purl = PackageURL(kind, namespace, name, version, qualifiers)
    return Component(name=name, version=version, purl=purl, bom_ref=str(purl))


def _normal(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _printed(image: str, program: str, *arguments: str) -> list[str]:
    command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", program, image]
    done = subprocess.run(
        [*command, *arguments], check=True, timeout=LIMIT_S, capture_output=True, text=True
    )
    return done.stdout.splitlines()
