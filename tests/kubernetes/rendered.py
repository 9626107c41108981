"""What a cluster is given by an overlay of deploy/kubernetes: kustomize's own output."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from os.path import relpath
from pathlib import Path
from typing import Any, Final

import yaml

from tests.integration.command import ROOT
from tests.kafka.processes import BIN

FOLDER: Final = ROOT / "deploy" / "kubernetes"
MONITORING: Final = FOLDER / "components" / "prometheus-operator"
OVERLAYS: Final = sorted(each.name for each in (FOLDER / "overlays").iterdir())
COMPONENT: Final = "app.kubernetes.io/component"

Object = dict[str, Any]


def rendered(folder: Path) -> list[Object]:
    """The objects of a folder with a kustomization."""
    command = [str(BIN / "kubectl"), "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return list(yaml.safe_load_all(done.stdout))


def with_component(overlay: Path, component: Path, folder: Path) -> list[Object]:
    """The objects of an overlay that takes this component; `folder` is empty."""
    said = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        # An absolute path is no resource.
        "resources": [relpath(overlay, folder)],
        "components": [relpath(component, folder)],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    return rendered(folder)


@dataclass(frozen=True)
class Overlay:
    """The objects of an overlay."""

    name: str
    objects: list[Object]

    def of_kind(self, *kinds: str) -> dict[str, Object]:
        """The objects of some kinds, by name."""
        return {each["metadata"]["name"]: each for each in self.objects if each["kind"] in kinds}

    @cached_property
    def services(self) -> dict[str, Object]:
        """What runs for ever, by name."""
        return self.of_kind("StatefulSet", "Deployment")

    @cached_property
    def templates(self) -> dict[str, Object]:
        """The templates of all pods, by the name of what makes them."""
        jobs = self.of_kind("CronJob")
        of_jobs = {name: job["spec"]["jobTemplate"]["spec"] for name, job in jobs.items()}
        of_services = {name: each["spec"] for name, each in self.services.items()}
        return {name: each["template"] for name, each in (of_services | of_jobs).items()}

    @cached_property
    def containers(self) -> dict[str, Object]:
        """The one container of each pod."""
        found = {}
        for name, template in self.templates.items():
            (found[name],) = template["spec"]["containers"]
        return found

    def settings(self, name: str) -> dict[str, str]:
        """The environment of a container."""
        container, maps = self.containers[name], self.of_kind("ConfigMap")
        found: dict[str, str] = {}
        for source in container["envFrom"]:
            found |= maps[source["configMapRef"]["name"]]["data"]
        return found | {each["name"]: each["value"] for each in container["env"]}

    def pods_of(self, selector: Object) -> set[str]:
        """Names of what makes the pods that a selector selects."""
        return {
            name
            for name, template in self.templates.items()
            if selects(selector, template["metadata"]["labels"])
        }

    def policies(self, direction: str) -> Iterator[tuple[Object, Object]]:
        """Network policies of a direction (`ingress`, `egress`), each with one of its rules."""
        for policy in self.of_kind("NetworkPolicy").values():
            for rule in policy["spec"].get(direction, ()):
                yield policy["spec"], rule


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """True if a selector of labels selects these."""
    assert selector.keys() <= {"matchLabels", "matchExpressions"}
    for each in selector.get("matchExpressions", ()):
        assert "In" == each["operator"]
        if labels.get(each["key"]) not in each["values"]:
            return False
    return bool(selector.get("matchLabels", {}).items() <= labels.items())
