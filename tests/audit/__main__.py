"""`python -m tests.audit`: what is in wheel and image, and which weaknesses of it are known."""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.audit.sbom import of_image, of_wheel
from tests.integration.command import ROOT

NONE_KNOWN, SOME_KNOWN, UNREACHABLE = 0, 1, 3
"""Exit codes."""

LIMIT_S: Final = 600


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the documents, ask for known vulnerabilities, give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("--image", default="ecluse:local", help="which image is looked into")
    parser.add_argument("--out", type=Path, default=ROOT / "build", help="folder of the documents")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    wheel = asked.out / "sbom-wheel.json"
    of_wheel(wheel)
    print(f"{wheel}: what the wheel runs on")
    _image(asked.image, wheel, asked.out / "sbom-image.json")
    return known(asked.out / "audit.json")


def _image(image: str, wheel: Path, out: Path) -> None:
    if shutil.which("docker") is None:
        print("no document of the image: there is no docker command")
        return
    try:
        of_image(image, wheel, out)
    except subprocess.CalledProcessError as error:
        print(f"no document of the image {image}: {error.stderr.strip()}")
        return
    print(f"{out}: what the image {image} holds")


def known(report: Path) -> int:
    """Ask for known vulnerabilities of all locked packages; the exit code."""
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    report.unlink(missing_ok=True)
    named = [part for lock in locks for part in ("-r", str(lock))]
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "-f", "json"]
    command = [sys.executable, "-m", "pip_audit", *named, *options, "-o", str(report)]
    done = subprocess.run(command, check=False, timeout=LIMIT_S, capture_output=True, text=True)
    if not report.exists():  # Only an audit that came to its end writes one.
        print(done.stderr.strip())
        return judged([])
    return judged(json.loads(report.read_text(encoding="utf-8"))["dependencies"])


def judged(packages: Sequence[dict[str, Any]]) -> int:
    """Say what is known of these packages; the exit code.

    pip-audit calls it a success where no package could be looked up. It is none.
    """
    unknown = [each for each in packages if "vulns" not in each]
    vulnerable = [each for each in packages if each.get("vulns")]
    for each in vulnerable:
        names = ", ".join(found["id"] for found in each["vulns"])
        print(f"{each['name']} {each['version']}: {names}")
    if unknown or not packages:
        print(
            "the advisory database could not be asked, or not about all:"
            f" NOTHING is known of {len(unknown) or 'all'} packages"
        )
    if vulnerable:
        return SOME_KNOWN
    if unknown or not packages:
        return UNREACHABLE
    print(f"no vulnerability is known of {len(packages)} packages")
    return NONE_KNOWN


if __name__ == "__main__":
    sys.exit(main())
