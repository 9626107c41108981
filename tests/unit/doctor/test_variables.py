"""`ecluse config show`: no setting is missing, and no secret is shown."""

import importlib
import os
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

import services
from services.doctor.variables import COMMAND, ROLES, Source, Variable, variable_faults, variables
from services.runtime.ops.settings import Environment
from services.texts.language import Language
from services.texts.translation import translate

ROOT = Path(services.__file__).parent
CLASS = re.compile(r"^class (\w+)\((?:Environment|BaseSettings|\w*Settings)\)", re.MULTILINE)
"""A model of settings in the source: all are of the first, and named so."""

READ = re.compile(r'(?:envvar=|environ.get\(|names = \()"(ECLUSE_\w+)"')
"""A variable that the command reads itself."""

SECRET = "a-Secret-0815"


def shown(**environment: str) -> dict[str, Variable]:
    return {each.name: each for each in variables(environment)}


def test_each_model_of_settings_in_the_program_is_of_a_role() -> None:
    defined = {
        (path, name)
        for path in ROOT.rglob("*.py")
        for name in CLASS.findall(path.read_text(encoding="utf-8"))
    }
    shown_here: set[type[BaseSettings]] = {model for role in ROLES.values() for model in role}
    models: list[type[BaseSettings]] = [*shown_here, Environment]
    known = {
        (Path(importlib.import_module(each.__module__).__file__ or ""), each.__name__)
        for each in models
    }
    assert defined == known


def test_each_field_of_each_model_is_shown_under_its_variable() -> None:
    names = {
        f"{model.model_config['env_prefix']}{field}".upper()
        for role in ROLES.values()
        for model in role
        for field in model.model_fields
    }
    assert names | set(COMMAND) == set(shown())


def test_each_variable_that_the_command_reads_itself_is_shown() -> None:
    read = {
        name
        for path in (ROOT / "cli").rglob("*.py")
        for name in re.findall(
            r'(?:envvar=|environ.get\(|names = \()"(ECLUSE_\w+)"', path.read_text()
        )
    }
    assert {"ECLUSE_LANG", "ECLUSE_SEAL_KEY"} <= read
    assert set() == read - set(shown())


def test_a_value_is_shown_with_its_source() -> None:
    found = shown(ECLUSE_TOPIC_PREFIX="lille.", ECLUSE_WATCH_TREASURY_GROUP="")
    prefix, group = found["ECLUSE_TOPIC_PREFIX"], found["ECLUSE_WATCH_TREASURY_GROUP"]
    assert ("lille.", Source.ENVIRONMENT) == (prefix.value, prefix.source)
    assert ("", Source.ENVIRONMENT) == (group.value, group.source), "empty is a value there"
    stall = found["ECLUSE_STALL_S"]
    assert ("90.0", Source.DEFAULT) == (stall.value, stall.source)
    assert "ledger" in stall.roles
    assert "watch" in stall.roles


def test_an_empty_variable_is_none_where_the_program_takes_it_for_none() -> None:
    assert Source.DEFAULT == shown(ECLUSE_TOPIC_PREFIX="")["ECLUSE_TOPIC_PREFIX"].source


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"postgresql://ecluse:{SECRET}@db.lille.fr/ecluse?sslpassword={SECRET}\n")
    found = shown(
        ECLUSE_KAFKA_SASL_PASSWORD=SECRET,
        ECLUSE_KAFKA_OAUTH_CLIENT_SECRET=SECRET,
        ECLUSE_OIDC_CLIENT_SECRET=SECRET,
        ECLUSE_DATABASE_SSLPASSWORD=SECRET,
        ECLUSE_ACCESS_URL=f"postgresql://ecluse:{SECRET}@db/keys?sslpassword={SECRET}",
        ECLUSE_TREASURY_URL=SECRET,
        ECLUSE_DATABASE_URL_FILE=str(file),
        ECLUSE_WATCH_URL=f"http://other:6066,http://me:a/{SECRET}@watch:6066",
    )
    assert [] == [each for each in found.values() if SECRET in str(each)]
    read_model = found["ECLUSE_DATABASE_URL"]
    assert "postgresql://ecluse:***@db.lille.fr/ecluse" == read_model.value
    assert (Source.FILE, str(file)) == (read_model.source, read_model.file)
    assert "http://other:6066,http://me:***@watch:6066" == found["ECLUSE_WATCH_URL"].value


@pytest.mark.parametrize(
    ("name", "value", "visible"),
    [
        # What begins as an address is none: only a variable that ends so holds one.
        ("ECLUSE_KAFKA_SASL_PASSWORD", f"abc://{SECRET}", "***"),
        ("ECLUSE_OIDC_CLIENT_SECRET", f"x://me:a@{SECRET}", "***"),
        ("ECLUSE_DATABASE_URL", f"postgresql:u:{SECRET}@db/x", "***"),
        ("ECLUSE_DATABASE_URL", f"postgresql://u:p@{SECRET}@db/x", "postgresql://u:***@db/x"),
        ("ECLUSE_DATABASE_URL", f"postgresql://u:p?a,b://{SECRET}@db/x", "postgresql://u:***@db/x"),
        ("ECLUSE_DATABASE_URL", f"postgresql://{SECRET}@db/x", "postgresql://***@db/x"),
        ("ECLUSE_DATABASE_URL", f"sqlite:///a/read.db?key={SECRET}", "sqlite:///a/read.db"),
        (
            "ECLUSE_KAFKA_OAUTH_TOKEN_URL",
            f"https://idp/token?client_secret={SECRET}",
            "https://idp/token",
        ),
        ("ECLUSE_KAFKA_OAUTH_TOKEN_URL", f"https://idp/token#{SECRET}", "https://idp/token"),
        (
            "ECLUSE_WATCH_URL",
            f"http://a:1,http://{SECRET}@b:2?{SECRET}",
            "http://a:1,http://***@b:2",
        ),
        ("ECLUSE_BOOTSTRAP_SERVERS", "a:9092,b:9092", "a:9092,b:9092"),
    ],
)
def test_of_an_address_only_what_is_no_secret_is_shown(name: str, value: str, visible: str) -> None:
    assert visible == shown(**{name: value})[name].value


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"ECLUSE_TOPIC_PREFIX": "a."}, []),
        ({"ECLUSE_TOPICS_PREFIX": "a."}, ["ECLUSE_TOPICS_PREFIX"]),
        ({"ECLUSE_TOPIC_PREFIX_FILE": "f"}, []),
        ({"ECLUSE_DATABASE_URL": "u", "ECLUSE_DATABASE_URL_FILE": "f"}, ["ECLUSE_DATABASE_URL"]),
        ({"ECLUSE_KAFKA_IMAGE": "apache/kafka:4.4.0", "ECLUSE_TEST_BROKER": "jars"}, []),
        ({"LANG": "fr"}, []),
    ],
)
def test_a_variable_that_nothing_reads_and_one_that_is_set_twice_are_named(
    environment: dict[str, str], names: list[str]
) -> None:
    found = list(variable_faults(environment))
    assert names == [name for name, _text in found]
    for _name, text in found:
        assert translate(text, Language.FR) != translate(text, Language.EN)


def test_each_variable_of_the_stacks_is_known() -> None:
    """Those that docker-compose.yml itself takes, and those that it gives to the services."""
    files = (*ROOT.parent.glob("docker-compose*.yml"), *ROOT.parent.glob("deploy/kubernetes/**/*"))
    texts = [each.read_text(encoding="utf-8") for each in files if each.is_file()]
    names = {name for text in texts for name in re.findall(r"ECLUSE_[A-Z_]*[A-Z]\b", text)}
    assert {"ECLUSE_GRAFANA_PORT", "ECLUSE_HEALTH_PORT", "ECLUSE_DATABASE_URL_FILE"} <= names
    assert [] == list(variable_faults(dict.fromkeys(names - {"ECLUSE_DATABASE_URL"}, "x")))


def test_the_environment_of_this_process_is_the_default() -> None:
    assert variables() == variables(os.environ)
