"""deploy/kubernetes as a cluster reads it: valid, closed, and no more than what is needed."""

import re
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from services.api.serving import CLOSE_S, DRAIN_S
from services.projector.database_rights import read_rights as roles
from services.runtime.kafka.acls import read_rights as principals
from services.runtime.ops.settings import Settings
from services.runtime.ops.watchdog import CHECKS_PER_LIMIT, END_S
from tests.integration.command import ROOT
from tests.kubernetes.rendered import (
    COMPONENT,
    FOLDER,
    MONITORING,
    Overlay,
    selects,
    with_component,
)

OLDEST: Final = "1.30"
"""The first with `preStop: sleep`."""
VERSIONS: Final = (OLDEST, "1.37")
MONITOR_MEMBERS: Final = {"jobLabel", "selector", "endpoints"}
ENDPOINT_MEMBERS: Final = {"port", "path", "interval", "scrapeTimeout", "authorization"}
"""Of the Prometheus Operator's API, v1, those that are used here."""
PROCESSES: Final = {"ledger", "projector", "treasury", "watch", "api"}
MIB: Final = {"Mi": 1, "Gi": 1024}
LOGS_MIB: Final = 5 * 10
"""What a node keeps of a container's logs (containerLogMaxFiles, containerLogMaxSize)."""


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_own_schemas_take_every_object(overlay: Overlay, version: str) -> None:
    for each in overlay.objects:
        assert version == kubernetes_validate.validate(each, version, strict=True)
    assert {"StatefulSet", "Deployment", "PodDisruptionBudget", "NetworkPolicy", "CronJob"} <= {
        each["kind"] for each in overlay.objects
    }
    assert {"ecluse"} == {
        each["metadata"].get("namespace", each["metadata"]["name"]) for each in overlay.objects
    }


def test_a_wrong_object_is_not_taken(overlay: Overlay) -> None:
    wrong = overlay.services["ledger"] | {"spec": {**overlay.services["ledger"]["spec"], "x": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, OLDEST, strict=True)


def test_every_file_is_part_of_what_is_rendered() -> None:
    named = set()
    for file in FOLDER.rglob("kustomization.yaml"):
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        files = [
            *said.get("resources", ()),
            *(each["path"] for each in said.get("patches", ())),
        ]
        named |= {file, *(file.parent / each for each in files if each.endswith(".yaml"))}
    assert named == set(FOLDER.rglob("*.yaml"))


def test_a_pod_writes_nothing_is_not_root_and_asks_kubernetes_nothing(overlay: Overlay) -> None:
    namespace = overlay.of_kind("Namespace")["ecluse"]["metadata"]["labels"]
    assert "restricted" == namespace["pod-security.kubernetes.io/enforce"]
    user = re.search(r"^USER (\d+)$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    assert user is not None
    for name, template in overlay.templates.items():
        spec, container = template["spec"], overlay.containers[name]
        assert (False, False) == (spec["automountServiceAccountToken"], spec["enableServiceLinks"])
        pod = spec["securityContext"]
        assert pod["runAsNonRoot"]
        assert {int(user[1])} == {pod["runAsUser"], pod["runAsGroup"], pod["fsGroup"]}
        assert {"type": "RuntimeDefault"} == pod["seccompProfile"]
        assert {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        } == container["securityContext"]
        writable = [m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")]
        assert ["/tmp"] == writable
        assert {m["name"] for m in container["volumeMounts"]} == {
            v["name"] for v in spec["volumes"]
        }


def test_a_stop_has_the_time_that_it_takes(overlay: Overlay) -> None:
    assert END_S >= DRAIN_S + CLOSE_S
    for name in overlay.services:
        spec, container = overlay.templates[name]["spec"], overlay.containers[name]
        before_s = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {"seconds": 0})
        assert spec["terminationGracePeriodSeconds"] > before_s["seconds"] + END_S


def test_a_start_has_the_time_that_a_process_waits_for_others(overlay: Overlay) -> None:
    """For topics, for tables, for its group: it says itself why it ends."""
    for name in overlay.services:
        probe = overlay.containers[name]["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] > 3 * Settings().give_up_s


def test_probes_and_scrapes_ask_where_a_process_listens(overlay: Overlay) -> None:
    listening = {"api": "ECLUSE_API", "watch": "ECLUSE_WATCH_WEB"}
    for name in overlay.services:
        container, prefix = overlay.containers[name], listening.get(name)
        bind, port = (
            (f"{prefix}_BIND", f"{prefix}_PORT")
            if prefix
            else ("ECLUSE_HEALTH_HOST", "ECLUSE_HEALTH_PORT")
        )
        settings = overlay.settings(name)
        (of_container,) = container["ports"]
        (of_service,) = overlay.of_kind("Service")[name]["spec"]["ports"]
        assert ("0.0.0.0", int(settings[port])) == (settings[bind], of_container["containerPort"])
        assert of_service["port"] == of_container["containerPort"]
        assert {"http"} == {of_container["name"], of_service["name"]}
        asked = {
            kind: container[f"{kind}Probe"]["httpGet"]
            for kind in ("startup", "liveness", "readiness")
        }
        assert {
            "startup": {"path": "/healthz", "port": "http"},
            "liveness": {"path": "/healthz", "port": "http"},
            "readiness": {"path": "/readyz", "port": "http"},
        } == asked


def test_who_stands_still_ends_by_himself_before_he_is_ended(overlay: Overlay) -> None:
    """By itself a process says which task stood still; ended from outside it says nothing."""
    noticed_s = Settings().stall_s * (1 + 1 / CHECKS_PER_LIMIT)
    for name in overlay.services:
        assert "ECLUSE_STALL_S" not in overlay.settings(name)
        probe = overlay.containers[name]["livenessProbe"]
        assert noticed_s < probe["periodSeconds"] * (probe["failureThreshold"] - 1)


def test_prometheus_finds_every_job_of_the_rules_once(overlay: Overlay, tmp_path: Path) -> None:
    whole = with_component(FOLDER / "overlays" / overlay.name, MONITORING, tmp_path)
    monitors = [each for each in whole if each not in overlay.objects]
    assert {("ServiceMonitor", "ecluse")} == {
        (each["kind"], each["metadata"]["namespace"]) for each in monitors
    }
    services = overlay.of_kind("Service").values()
    jobs: list[str] = []
    for monitor in monitors:
        spec = monitor["spec"]
        assert (set(), "monitoring.coreos.com/v1") == (
            spec.keys() - MONITOR_MEMBERS,
            monitor["apiVersion"],
        )
        (endpoint,) = spec["endpoints"]
        assert endpoint.keys() <= ENDPOINT_MEMBERS
        assert ("http", "/metrics") == (endpoint["port"], endpoint["path"])
        found = [
            each["metadata"]["labels"][spec["jobLabel"]]
            for each in services
            if selects(spec["selector"], each["metadata"]["labels"])
        ]
        assert ("api" in found) == ("authorization" in endpoint)
        jobs += found
    prometheus = yaml.safe_load((ROOT / "deploy/observability/prometheus.yml").read_text())
    assert sorted(each["job_name"] for each in prometheus["scrape_configs"]) == sorted(jobs)


def test_readers_keep_their_names_and_are_no_more_than_partitions(overlay: Overlay) -> None:
    partitions = yaml.safe_load((ROOT / "schemas/topics.yaml").read_text())["partitions"]
    assert PROCESSES - {"api"} == overlay.of_kind("StatefulSet").keys()
    assert {"api"} == overlay.of_kind("Deployment").keys()
    for name, each in overlay.services.items():
        least = 2 if overlay.name == "high-availability" else 1
        assert least <= each["spec"]["replicas"] <= partitions
        assert "ECLUSE_INSTANCE" not in overlay.settings(name), "all would have one name"


def test_a_node_that_is_emptied_takes_one_of_each_kind_at_a_time(overlay: Overlay) -> None:
    budgets = overlay.of_kind("PodDisruptionBudget")
    assert PROCESSES == budgets.keys()
    for name, each in budgets.items():
        assert {name} == overlay.pods_of(each["spec"]["selector"])
        assert 1 == each["spec"]["maxUnavailable"]


ANYWHERE: Final = [
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}},
    {"ipBlock": {"cidr": "::/0", "except": ["fd00:ec2::254/128"]}},
]
"""Any address but that at which a cloud gives credentials to a node."""


def ports_to_anywhere(overlay: Overlay, port: int, to: Any = ANYWHERE) -> set[str]:
    """Whose pods may leave by a port, to any address."""
    return {
        name
        for policy, rule in overlay.policies("egress")
        if to == rule.get("to") and port in [each["port"] for each in rule["ports"]]
        for name in overlay.pods_of(policy["podSelector"])
    }


def test_the_network_opens_what_the_rights_need_and_no_more(overlay: Overlay) -> None:
    everybody = {*PROCESSES, "topics"}
    closed = overlay.of_kind("NetworkPolicy")["nothing-else"]["spec"]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} == closed
    of_kafka = {overlay.settings(name)["ECLUSE_KAFKA_SASL_USERNAME"] for name in everybody}
    assert of_kafka < principals().principals.keys()
    brokers = overlay.settings("ledger")["ECLUSE_BOOTSTRAP_SERVERS"].split(",")
    for each in brokers:
        assert everybody == ports_to_anywhere(overlay, int(each.rpartition(":")[2]))
    assert set(roles().roles) == ports_to_anywhere(overlay, 5432)
    assert {"api"} == ports_to_anywhere(overlay, 443)
    # Names are answered in kube-system, on the node itself, or in OpenShift on another port.
    for port in (53, 5353):
        assert everybody == ports_to_anywhere(overlay, port, to=None)
    ports = {each["port"] for _, rule in overlay.policies("egress") for each in rule["ports"]}
    assert {53, 443, 5353, 5432, 8080, 9093} == ports
    inwards: dict[str, set[str]] = {}
    for policy, rule in overlay.policies("ingress"):
        assert [8080] == [each["port"] for each in rule["ports"]]
        (peer,) = rule["from"]
        if "podSelector" in peer:
            (who,) = overlay.pods_of(peer["podSelector"])
        else:
            who = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        inwards[who] = overlay.pods_of(policy["podSelector"])
    assert {"api": {"watch"}, "ingress-nginx": {"api"}, "monitoring": everybody} == inwards


def test_a_pod_fills_no_node_s_disk(overlay: Overlay) -> None:
    for name, template in overlay.templates.items():
        (tmp,) = [each for each in template["spec"]["volumes"] if each["name"] == "tmp"]
        resources = overlay.containers[name]["resources"]
        most = mebibytes(resources["limits"]["ephemeral-storage"])
        assert most > mebibytes(tmp["emptyDir"]["sizeLimit"]) + LOGS_MIB, name
        assert mebibytes(resources["requests"]["ephemeral-storage"]) <= most


def mebibytes(quantity: str) -> int:
    return int(quantity[:-2]) * MIB[quantity[-2:]]


def measured_mebibytes(process: str) -> int:
    """Return the memory that docs/evidence.md has of this process."""
    text = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
    (figure,) = re.findall(rf"^\| {process} \| (\d+) \|$", text, re.MULTILINE)
    return int(figure)


def test_memory_is_what_was_measured(overlay: Overlay) -> None:
    measured = {
        "ledger": measured_mebibytes("the ledger, one worker"),
        "projector": measured_mebibytes("the projector"),
        "watch": measured_mebibytes("the watch"),
        "treasury": measured_mebibytes("the treasury"),
        "api": measured_mebibytes("the API"),
    }
    for name, most in measured.items():
        resources = overlay.containers[name]["resources"]
        assert most <= mebibytes(resources["requests"]["memory"])
        assert 2 * most <= mebibytes(resources["limits"]["memory"])
    assert {COMPONENT: "ledger"}.items() <= overlay.templates["ledger"]["metadata"][
        "labels"
    ].items()
