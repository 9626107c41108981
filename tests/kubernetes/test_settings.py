"""What processes on Kubernetes are started with: commands and settings that there are."""

from typing import Final
from urllib.parse import urlsplit

import pytest
import typer.main
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from services.api.settings import ApiSettings
from services.cli.app import app
from services.projector.settings import DatabaseSettings
from services.runtime.kafka.acls import read_rights
from services.runtime.ops.settings import Settings
from services.treasury.settings import TreasurySettings
from services.watch.settings import WatchSettings
from tests.kafka.test_rolling_update import SESSION_S, WORKERS
from tests.kubernetes.rendered import Overlay

MODELS: Final[dict[str, tuple[type[BaseSettings], ...]]] = {
    "ledger": (Settings,),
    "projector": (Settings, DatabaseSettings),
    "treasury": (Settings, TreasurySettings),
    "watch": (Settings, WatchSettings),
    "api": (Settings, ApiSettings),
    "topics": (Settings,),
}
OF_FILE: Final = "_FILE"


def known(models: tuple[type[BaseSettings], ...]) -> dict[str, bool]:
    """The variables of settings, true for those of a secret."""
    return {
        model.model_config["env_prefix"] + name.upper(): SecretStr in (field.annotation, *args)
        for model in models
        for name, field in model.model_fields.items()
        for args in [getattr(field.annotation, "__args__", ())]
    }


def test_every_setting_exists_and_has_a_value_that_it_can_have(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = known(tuple({model for models in MODELS.values() for model in models}))
    for name, models in MODELS.items():
        settings = overlay.settings(name)
        own = [each["name"] for each in overlay.containers[name]["env"]]
        assert [] == [
            each
            for each in own
            if each.removesuffix(OF_FILE) not in known(models)
            and not each.startswith("ECLUSE_HEALTH_")
        ]
        assert settings.keys() <= {each + end for each in everywhere for end in ("", OF_FILE)}
        with monkeypatch.context() as patched:
            for variable, value in settings.items():
                if not variable.endswith(OF_FILE):
                    patched.setenv(variable, value)
            for model in models:
                model()


def test_every_secret_is_a_file_of_a_secret_that_is_named(overlay: Overlay) -> None:
    assert {} == overlay.of_kind("Secret")
    for name, models in MODELS.items():
        secret = {variable for variable, is_secret in known(models).items() if is_secret}
        assert "ECLUSE_KAFKA_SASL_PASSWORD" in secret
        settings, container = overlay.settings(name), overlay.containers[name]
        assert not secret & settings.keys(), "it would stand in the manifest"
        assert [] == [each for each in container["env"] if each.keys() != {"name", "value"}]
        volumes = {each["name"]: each for each in overlay.templates[name]["spec"]["volumes"]}
        mounts = {each["mountPath"]: volumes[each["name"]] for each in container["volumeMounts"]}
        needed = {"ECLUSE_KAFKA_SASL_PASSWORD_FILE", "ECLUSE_KAFKA_SSL_CAFILE"}
        if DatabaseSettings in [base for model in models for base in model.__mro__]:
            needed |= {"ECLUSE_DATABASE_URL_FILE", "ECLUSE_DATABASE_SSLROOTCERT"}
        for variable in needed:
            mounted = mounts[settings[variable].rpartition("/")[0]]["secret"]
            assert 0o440 == mounted["defaultMode"]
            if "DATABASE" in variable:
                assert f"database-{name}" == mounted["secretName"]
        user = settings["ECLUSE_KAFKA_SASL_USERNAME"]
        assert user in read_rights().principals
        assert f"kafka-{user}" == mounts["/secrets/kafka"]["secret"]["secretName"]


def test_every_command_is_one_of_ours(overlay: Overlay) -> None:
    for container in overlay.containers.values():
        command = typer.main.get_command(app)
        for word in container["args"]:
            command = command.commands[word]  # type: ignore[attr-defined] # a group has them
        assert not hasattr(command, "commands"), container["args"]


def test_whoever_asks_the_watch_asks_all_of_them_by_names_that_they_answer_to(
    overlay: Overlay,
) -> None:
    replicas = overlay.services["watch"]["spec"]["replicas"]
    addresses = map(urlsplit, overlay.settings("api")["ECLUSE_WATCH_URL"].split(","))
    asked = [(str(each.hostname), each.port) for each in addresses]
    every = [f"watch-{number}.watch" for number in range(replicas)] if replicas > 1 else ["watch"]
    assert [(name, 8080) for name in every] == asked
    answers = overlay.settings("watch").get("ECLUSE_PAGE_HOSTS", "").split(",")
    assert [] == [name for name in every if "." in name and name not in answers]


def test_the_rolling_update_is_rehearsed_with_these_settings(overlay: Overlay) -> None:
    """tests/kafka/test_rolling_update.py measures how long a partition stands still."""
    assert SESSION_S == float(overlay.settings("ledger")["ECLUSE_SESSION_TIMEOUT_S"])
    if overlay.name == "high-availability":
        assert WORKERS == overlay.services["ledger"]["spec"]["replicas"]
