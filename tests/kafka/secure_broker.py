"""A broker with logins (SCRAM over TLS, tokens, and client certificates) and with rights."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from services.dev.certificates import Authority, authority, sign_pem
from services.dev.local_broker import HOST, QUICK, free_port
from services.runtime.ops.settings import Settings
from tests.kafka.administration import change_of_password, code_of
from tests.kafka.brokers import KAFKA, SETTINGS, JarBroker, java_for_jars
from tests.leaks import PASSWORD
from tests.waiting import run

OPERATOR: Final = "root"
"""The superuser, who makes topics and rights."""


JAAS: Final = "listener.name.sasl_ssl.{}.sasl.jaas.config"


class SecureBroker(JarBroker):
    """One broker with listeners SASL_SSL and SSL; its own traffic and the probe use a third.

    With an `issuer`, by its address, the first takes its tokens (OAUTHBEARER) too.
    """

    def __init__(
        self, folder: Path, users: tuple[str, ...], issuer: str | None = None, **settings: str
    ) -> None:
        self.authority: Authority = authority("Écluse test authority")
        folder.mkdir(parents=True, exist_ok=True)
        self.cafile = folder / "authority.pem"
        self.cafile.write_bytes(self.authority.pem)
        self._keystore = folder / "broker.pem"
        self.renew()
        self.sasl_port, self.tls_port = free_port(), free_port()
        self._users = (OPERATOR, *users)
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={issuer}/keys"
        options = QUICK if issuer is None else (*QUICK, allowed)
        super().__init__(folder, KAFKA / "libs", java=java_for_jars(), java_options=options)
        ports = {
            "PLAINTEXT": self.port,
            "SASL_SSL": self.sasl_port,
            "SSL": self.tls_port,
        }
        listeners = ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())
        self._settings |= {
            **SETTINGS,
            "listeners": f"{listeners},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": listeners,
            "listener.security.protocol.map": (
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL"
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.cafile),
            "listener.name.ssl.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            # The listener without a login is the broker's own, of this machine alone.
            "super.users": f"User:ANONYMOUS;User:{OPERATOR}",
            JAAS.format("scram-sha-512"): (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            **(_tokens_of(issuer) if issuer is not None else {}),
            **settings,
        }

    def renew(self, by: Authority | None = None, **validity: int) -> None:
        """Give the broker another certificate, which it reads at its next start."""
        pem = sign_pem(by or self.authority, "broker", [HOST, "localhost"], **validity)
        self._keystore.write_bytes(pem)

    def set_password(self, user: str, password: str) -> None:
        """Give a user another password, without the seconds that a command in Java takes."""
        settings = Settings(bootstrap_servers=self.bootstrap)
        with ThreadPoolExecutor(1) as apart:  # Whoever calls may be in a loop already.
            changing = apart.submit(run, code_of(settings, change_of_password(user, password)))
            assert 0 == changing.result()

    def _format_arguments(self) -> list[str]:
        return [
            argument
            for user in self._users
            for argument in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={PASSWORD}]")
        ]

    def environment(self, user: str) -> dict[str, str]:
        """The variables of a principal that logs in by SCRAM over TLS."""
        values = {
            "BOOTSTRAP_SERVERS": f"{HOST}:{self.sasl_port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD": PASSWORD,
            "KAFKA_SSL_CAFILE": str(self.cafile),
        }
        return {f"ECLUSE_{name}": value for name, value in values.items()}

    def settings(self, user: str, **more: Any) -> Settings:
        """The same as settings."""
        variables = self.environment(user).items()
        own: dict[str, Any] = {
            name.removeprefix("ECLUSE_").lower(): value for name, value in variables
        }
        return Settings(**{**own, "give_up_s": 60, **more})


def _tokens_of(issuer: str) -> dict[str, str]:
    """Settings of a broker that takes the tokens of this issuer."""
    oauth = "org.apache.kafka.common.security.oauthbearer"
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,OAUTHBEARER",
        JAAS.format("oauthbearer"): f"{oauth}.OAuthBearerLoginModule required;",
        "listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class": (
            f"{oauth}.OAuthBearerValidatorCallbackHandler"
        ),
        "sasl.oauthbearer.jwks.endpoint.url": f"{issuer}/keys",
        "sasl.oauthbearer.expected.issuer": issuer,
        "sasl.oauthbearer.expected.audience": "kafka",
    }
