"""Passwords and certificates of the stack: made once, each where only its reader finds it."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from services.dev.stack_secrets import make
from services.runtime.kafka.acls import read_rights

PRINCIPALS = frozenset(read_rights().principals)


def mounted(root: Path, *folders: str) -> Path:
    for each in folders:
        (root / each).mkdir()
    return root


def files(root: Path) -> dict[str, str]:
    found = (each for each in sorted(root.rglob("*")) if each.is_file())
    return {str(each.relative_to(root)): each.read_text() for each in found}


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    root = mounted(tmp_path, "postgresql", "grafana", "kafka", *PRINCIPALS)
    make(root)
    made = files(root)
    make(root)
    assert made == files(root)


def test_the_address_of_the_database_holds_its_password(tmp_path: Path) -> None:
    make(mounted(tmp_path, "postgresql"))
    password = files(tmp_path)["postgresql/password"]
    assert 32 == len(password)
    assert f"postgresql://ecluse:{password}@postgresql/ecluse" == files(tmp_path)["postgresql/url"]


def test_without_kafka_s_folder_no_principal_has_a_password(tmp_path: Path) -> None:
    make(mounted(tmp_path, "postgresql", "grafana", "api"))
    names = {"postgresql/password", "postgresql/url", "grafana/password"}
    assert names == files(tmp_path).keys()


def test_each_principal_has_a_password_of_its_own_which_the_broker_knows(tmp_path: Path) -> None:
    make(mounted(tmp_path, "kafka", *PRINCIPALS))
    found = files(tmp_path)
    passwords = {name: found[f"{name}/password"] for name in PRINCIPALS}
    assert len(PRINCIPALS) == len(set(passwords.values()))
    users = {
        f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in passwords.items()
    }
    assert users == set(found["kafka/users"].splitlines())


def test_a_principal_trusts_the_broker_and_nobody_can_sign_another(tmp_path: Path) -> None:
    make(mounted(tmp_path, "kafka", "ledger"))
    found = files(tmp_path)
    assert found["kafka/authority.pem"] == found["ledger/authority.pem"]
    ssl.create_default_context(cafile=str(tmp_path / "ledger" / "authority.pem")).load_cert_chain(
        tmp_path / "kafka" / "broker.pem"
    )
    own, signed_by = x509.load_pem_x509_certificates(found["kafka/broker.pem"].encode())
    own.verify_directly_issued_by(signed_by)
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ["kafka", "localhost"] == names.get_values_for_type(x509.DNSName)
    assert 1 == "".join(found.values()).count("BEGIN PRIVATE KEY")


def test_a_renewed_certificate_is_trusted_by_all(tmp_path: Path) -> None:
    make(mounted(tmp_path, "kafka", "ledger"))
    before = files(tmp_path)
    (tmp_path / "kafka" / "broker.pem").unlink()
    make(tmp_path)
    after = files(tmp_path)
    assert before["ledger/authority.pem"] != after["ledger/authority.pem"]
    assert after["kafka/authority.pem"] == after["ledger/authority.pem"]
    assert before["ledger/password"] == after["ledger/password"]


@pytest.mark.parametrize("folder", ["postgresql", "grafana"])
def test_an_interrupted_start_is_begun_again(folder: str, tmp_path: Path) -> None:
    half = mounted(tmp_path, folder) / folder / "password.new"
    half.write_text("ha")
    half.chmod(0o444)
    make(tmp_path)
    assert not half.exists()
    assert "ha" != files(tmp_path)[f"{folder}/password"]
