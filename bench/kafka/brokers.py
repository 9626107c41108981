"""The brokers of a run: one of its own, and one with TLS and logins."""

from pathlib import Path
from typing import Any, Final

from bench.kafka.processes import ROOT
from services.dev.certificates import authority, sign_pem
from services.dev.jars import fetch_jars, find_java
from services.dev.local_broker import HOST, SETTINGS, LocalBroker, free_port

KAFKA: Final = ROOT / "deploy" / "kafka"
JAVA_OPTIONS: Final = ("-Xms1g", "-Xmx1g")
"""A heap that does not grow while the clock runs; compiler and collector as Java chooses them."""

USER, PASSWORD = "bench", "of one run"


def a_broker(folder: Path) -> LocalBroker:
    """A broker without TLS; not yet started."""
    return LocalBroker(folder, KAFKA / "libs", **_java(folder))


def _java(folder: Path) -> dict[str, Any]:
    folder.mkdir()
    java = find_java()
    fetch_jars(KAFKA / "libs", pom=KAFKA / "pom.xml", java=java)
    # What Java unpacks would outlive it elsewhere.
    return {"java": java, "java_options": (*JAVA_OPTIONS, f"-Djava.io.tmpdir={folder}")}


class SecuredBroker(LocalBroker):
    """A broker with two listeners: PLAINTEXT, and SASL_SSL with SCRAM-SHA-512; not yet started."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, KAFKA / "libs", **_java(folder))
        ours = authority("Écluse bench authority")
        self._cafile, keystore = folder / "authority.pem", folder / "broker.pem"
        self._cafile.write_bytes(ours.pem)
        keystore.write_bytes(sign_pem(ours, "broker", [HOST]))
        self._sasl_port = free_port()
        listeners = f"PLAINTEXT://{self.bootstrap},SASL_SSL://{HOST}:{self._sasl_port}"
        names = SETTINGS["listener.security.protocol.map"]
        self._settings |= {
            "listeners": f"{listeners},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": listeners,
            "listener.security.protocol.map": f"{names},SASL_SSL:SASL_SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(keystore),
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
        }

    def _format_arguments(self) -> list[str]:
        return ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"]

    @property
    def login(self) -> dict[str, str]:
        """The variables of a process that uses the second."""
        values = {
            "BOOTSTRAP_SERVERS": f"{HOST}:{self._sasl_port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": USER,
            "KAFKA_SASL_PASSWORD": PASSWORD,
            "KAFKA_SSL_CAFILE": str(self._cafile),
        }
        return {f"ECLUSE_{name}": value for name, value in values.items()}
