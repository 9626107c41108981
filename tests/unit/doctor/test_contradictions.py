"""Settings that are valid each for itself, and contradict each other."""

from pathlib import Path
from typing import Any

import pytest

from services.api.settings import ApiSettings
from services.doctor.settings import TABLE, Read, contradictions
from services.runtime.ops.settings import Settings
from services.treasury.settings import TreasurySettings
from services.watch.settings import WatchSettings

CASES: dict[str, dict[str, Any]] = {
    "the watchdog before the transaction": {"stall_s": 70, "transaction_timeout_s": 80},
    "the watchdog before the database": {"stall_s": 60, "transaction_timeout_s": 30},
    "giving up before the transaction": {"give_up_s": 60},
    "giving up before the session": {
        "give_up_s": 61,
        "session_timeout_s": 61,
        "transaction_timeout_s": 60,
    },
    "a prefix that Kafka does not take": {"topic_prefix": "lille/"},
    "a page asked by an address": {"page_hosts": "https://watch.lille.fr"},
    "no access check, beyond this machine": {"auth": "off", "api_bind": "0.0.0.0"},
    "no access check, and an identity provider": {
        "auth": "off",
        "oidc_issuer": "https://sso.lille.fr",
        "oidc_audience": "ecluse",
    },
    "everybody is a proxy": {"api_forwarded_allow_ips": "*", "api_bind": "0.0.0.0"},
    "TLS to a file": {"database_url": "sqlite:///read.db", "database_sslmode": "verify-full"},
    "slips without the accountant's codes": {"treasury_schedule": "09:30"},
    "a folder for files that nobody writes": {"treasury_exports": Path("out")},
    "our files taken for the accountant's": {
        "treasury_returns": Path("files"),
        "treasury_exports": Path("files"),
        "treasury_file": Path("treasury.yaml"),
        "treasury_schedule": "09:30",
    },
    "a treasury that nobody would miss": {
        "treasury_file": Path("treasury.yaml"),
        "treasury_group": "",
    },
}
"""One for each rule of the table, in its order."""


def of(values: dict[str, Any]) -> Read:
    """The settings of all roles with these values."""

    def model(kind: Any) -> Any:
        return kind(**{name: each for name, each in values.items() if name in kind.model_fields})

    return Read(*map(model, (Settings, ApiSettings, TreasurySettings, WatchSettings)))


def test_the_defaults_do_not_contradict_each_other() -> None:
    assert [] == list(contradictions(of({})))


@pytest.mark.parametrize(("name", "number"), [(name, n) for n, name in enumerate(CASES)])
def test_a_contradiction_is_named_alone(name: str, number: int) -> None:
    assert [TABLE[number]] == list(contradictions(of(CASES[name])))


def test_each_rule_has_its_case() -> None:
    assert len(TABLE) == len(CASES)
