"""docs/for-operators.md: what it says of Kubernetes and of alarms is so.

Its back-up is restored in tests/kafka/test_disks_deleted.py.
"""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import typer.main
import yaml

from services.cli.app import app
from tests.integration.command import ROOT, environment
from tests.kafka.operators_shell import COMMAND, PAGE, commands_of
from tests.kafka.processes import BIN
from tests.kubernetes.rendered import COMPONENT, FOLDER, Overlay
from tests.observability.written import RULES, alarms

TEXT = PAGE.read_text(encoding="utf-8")


def typed(command: str, folder: Path) -> list[Any]:
    """The objects that a command would bring to a cluster, of which there is none."""
    script = f"""set -euo pipefail
kubectl() {{
    if [ "$1" = apply ]; then cat; return; fi
    echo ---
    command kubectl "$@" --dry-run=client -o yaml
}}
{command}"""
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**environment(), "PATH": f"{BIN}:/usr/bin:/bin", "KUBECONFIG": "/dev/null"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each is not None]


def test_the_secrets_that_it_makes_are_those_that_pods_mount(
    overlay: Overlay, tmp_path: Path
) -> None:
    namespace, *making, rules = commands_of("On Kubernetes")
    assert ["ecluse"] == [each["metadata"]["name"] for each in typed(namespace, tmp_path)]
    assert "apply" in rules
    words = {word for each in making for word in re.findall(r"for name in ([^;]*);", each)}
    for name in " ".join(words).split():
        for kind in ("password", "url"):
            (tmp_path / f"{name}.{kind}").touch()
    for file in ("kafka.pem", "postgresql.pem"):
        (tmp_path / file).touch()
    made = {
        each["metadata"]["name"]: set(each["data"])
        for command in making
        for each in typed(command, tmp_path)
    }
    wanted: dict[str, set[str]] = {}
    for name, template in overlay.templates.items():
        paths = [each for each in overlay.settings(name).values() if each.startswith("/secrets/")]
        volumes = {each["name"]: each for each in template["spec"]["volumes"]}
        for mount in overlay.containers[name]["volumeMounts"]:
            if (secret := volumes[mount["name"]].get("secret")) is not None:
                within = f"{mount['mountPath']}/"
                files = {each.removeprefix(within) for each in paths if each.startswith(within)}
                wanted.setdefault(secret["secretName"], set()).update(files)
    assert wanted == made


def test_the_rules_become_objects_of_the_operator() -> None:
    *_, command = commands_of("On Kubernetes")
    objects = typed(command, ROOT)
    assert [path.stem for path in RULES] == [each["metadata"]["name"] for each in objects]
    assert {("monitoring.coreos.com/v1", "PrometheusRule", "ecluse")} == {
        (each["apiVersion"], each["kind"], each["metadata"]["namespace"]) for each in objects
    }
    expected = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES]
    assert expected == [each["spec"] for each in objects]


def test_what_else_it_types_there_names_what_is_there(overlay: Overlay) -> None:
    lines = re.findall(r"^kubectl (.*)$", TEXT, re.MULTILINE)
    applied = [shlex.split(line) for line in lines if line.startswith("apply -k")]
    assert {True} == {(ROOT / words[2]).is_dir() for words in applied}
    [asked] = [words[4] for words in applied if len(words) > 3]
    chosen = set(re.findall(r"\w+", asked.removeprefix(f"{COMPONENT} in ")))
    before = [
        each["kind"]
        for each in overlay.objects
        if each["metadata"].get("labels", {}).get(COMPONENT) in chosen
    ]
    assert ["ConfigMap", "CronJob"] == sorted(before), "topics come before what reads them"
    assert "cronjob/topics" in " ".join(lines)
    assert "topics" in overlay.of_kind("CronJob")
    assert "deploy/api" in " ".join(lines)
    assert str(FOLDER.relative_to(ROOT)) in TEXT


def test_each_of_our_commands_on_it_is_one() -> None:
    commands = [each for each in COMMAND.findall(TEXT) if each.startswith("ecluse ")]
    assert commands
    for command in commands:
        found: Any = typer.main.get_command(app)
        _, *words = shlex.split(command)
        while hasattr(found, "commands"):
            found = found.commands[words.pop(0)]
        options = {option for each in found.params for option in each.opts}
        assert {word for word in words if word.startswith("-")} <= options, command


def test_it_names_every_alarm_that_wakes_somebody() -> None:
    critical = {name for name, rule in alarms().items() if rule["labels"]["severity"] == "critical"}
    part = TEXT.split("\n## The night's alarms\n")[1].split("\n## ")[0]
    assert critical == set(re.findall(r"\bEcluse\w+", part))
