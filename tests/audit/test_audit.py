"""`make audit`: the documents name all that is locked, and no answer is no success."""

import json
import re
from typing import Any, Final

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.audit.__main__ import NONE_KNOWN, SOME_KNOWN, UNREACHABLE, judged
from tests.audit.sbom import LOCK, NotInTheLock, image_document, of_wheel

LOCKED: Final = re.findall(r"^(\S+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
DEBIAN: Final = [
    ["installed", "libc6", "2.41-12", "amd64", "glibc"],
    ["config-files", "gone", "1", "amd64", "gone"],
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("sbom") / "wheel.json"
    of_wheel(file)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text()) is None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_the_wheel_s_document_names_every_locked_package_with_its_hashes(
    wheel: dict[str, Any],
) -> None:
    components = {each["name"]: each for each in wheel["components"]}
    assert dict(LOCKED) == {name: each["version"] for name, each in components.items()}
    hashes = LOCK.read_text(encoding="utf-8").count("--hash=sha256:")
    named = [
        every["content"]
        for each in components.values()
        for reference in each["externalReferences"]
        for every in reference["hashes"]
    ]
    assert hashes == len(named)
    for name, version in LOCKED:
        assert f"pkg:pypi/{name}@{version}" == components[name]["purl"]
    assert "ecluse" == wheel["metadata"]["component"]["name"]


def test_the_image_s_document_names_what_it_holds(wheel: dict[str, Any]) -> None:
    name, version = LOCKED[0]
    python = [["python", "3.13.5"], [name.upper().replace("-", "_"), version], ["ecluse", "0.1.0"]]
    found = {str(each.purl) for each in image_document(wheel, python, DEBIAN).components}
    assert {
        "pkg:generic/python@3.13.5",
        f"pkg:pypi/{name}@{version}",
        "pkg:pypi/ecluse@0.1.0",
        "pkg:deb/debian/libc6@2.41-12?arch=amd64&upstream=glibc",
    } == found


@pytest.mark.parametrize("stranger", [["stranger", "1.0"], [LOCKED[0][0], "0.0.1"]])
def test_a_package_in_the_image_that_no_lock_names_is_no_component(
    stranger: list[str], wheel: dict[str, Any]
) -> None:
    with pytest.raises(NotInTheLock, match=" ".join(stranger)):
        image_document(wheel, [["python", "3.13.5"], stranger], [])


def a_package(**more: Any) -> dict[str, Any]:
    return {"name": "jinja2", "version": "2.10", **more}


SAFE: Final = a_package(vulns=[])
UNKNOWN: Final = a_package(skip_reason="Dependency not found on PyPI")
VULNERABLE: Final = a_package(vulns=[{"id": "PYSEC-2019-217"}])


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([SAFE], NONE_KNOWN, "no vulnerability is known of 1 packages"),
        ([SAFE, VULNERABLE], SOME_KNOWN, "jinja2 2.10: PYSEC-2019-217"),
        ([], UNREACHABLE, "NOTHING is known of all packages"),
        ([SAFE, UNKNOWN], UNREACHABLE, "NOTHING is known of 1 packages"),
        ([UNKNOWN, VULNERABLE], SOME_KNOWN, "NOTHING is known of 1 packages"),
    ],
    ids=["none known", "some known", "no answer", "no answer about one", "both"],
)
def test_no_answer_is_no_success(
    packages: list[dict[str, Any]], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code == judged(packages)
    printed = capsys.readouterr().out
    assert said in printed
    assert (code == NONE_KNOWN) == ("no vulnerability is known" in printed)
