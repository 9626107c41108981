"""Passwords and certificates of the stack: made once, each where only its reader finds it."""

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from services.dev.stack_secrets import make
from services.projector.database_rights import read_rights as database_rights
from services.runtime.kafka.acls import read_rights

PRINCIPALS = frozenset(read_rights().principals)
ROLES = frozenset(database_rights().roles)
OF_ROLES = frozenset(f"database-{each}" for each in ROLES)


def mounted(root: Path, *folders: str) -> Path:
    for each in folders:
        (root / each).mkdir()
    return root


def files(root: Path) -> dict[str, str]:
    found = (each for each in sorted(root.rglob("*")) if each.is_file())
    return {str(each.relative_to(root)): each.read_text() for each in found}


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    root = mounted(tmp_path, "postgresql", "grafana", "kafka", *PRINCIPALS, *OF_ROLES)
    make(root)
    made = files(root)
    make(root)
    assert made == files(root)


def test_the_address_of_the_database_holds_its_password(tmp_path: Path) -> None:
    make(mounted(tmp_path, "postgresql"))
    password = files(tmp_path)["postgresql/password"]
    assert 32 == len(password)
    assert f"postgresql://ecluse:{password}@postgresql/ecluse" == files(tmp_path)["postgresql/url"]


def test_each_role_of_the_database_has_an_address_with_a_password_of_its_own(
    tmp_path: Path,
) -> None:
    make(mounted(tmp_path, "postgresql", *OF_ROLES))
    found = files(tmp_path)
    passwords = {name: found[f"postgresql/{name}"] for name in ROLES}
    assert len(ROLES) + 1 == len({found["postgresql/password"], *passwords.values()})
    for name, password in passwords.items():
        url = f"postgresql://ecluse_{name}:{password}@postgresql/ecluse"
        assert url == found[f"database-{name}/url"]


def test_beside_kafka_the_addresses_ask_for_the_certificate_of_its_authority(
    tmp_path: Path,
) -> None:
    make(mounted(tmp_path, "kafka", "postgresql", *OF_ROLES))
    found = files(tmp_path)
    for each in ("postgresql", *OF_ROLES):
        asked = "?sslmode=verify-full&sslrootcert=/secrets/postgresql/authority.pem"
        assert found[f"{each}/url"].endswith(f"@postgresql/ecluse{asked}")
        assert found["kafka/authority.pem"] == found[f"{each}/authority.pem"]
    trusting = ssl.create_default_context(cafile=str(tmp_path / "kafka" / "authority.pem"))
    trusting.load_cert_chain(tmp_path / "postgresql" / "server.pem")
    own, signed_by = x509.load_pem_x509_certificates(found["postgresql/server.pem"].encode())
    own.verify_directly_issued_by(signed_by)
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ["postgresql", "localhost"] == names.get_values_for_type(x509.DNSName)
    mode = stat.S_IMODE((tmp_path / "postgresql" / "server.pem").stat().st_mode)
    assert 0o440 == mode, "PostgreSQL takes no key that everybody may read"


def test_a_stack_of_before_gets_certificates_of_one_authority(tmp_path: Path) -> None:
    """Its database had none, and the authority's key is gone."""
    make(mounted(tmp_path, "kafka", "ledger"))
    make(mounted(tmp_path, "postgresql", *OF_ROLES))
    found = files(tmp_path)
    ours = x509.load_pem_x509_certificate(found["ledger/authority.pem"].encode())
    for server in ("kafka/broker.pem", "postgresql/server.pem"):
        own, _signed_by = x509.load_pem_x509_certificates(found[server].encode())
        own.verify_directly_issued_by(ours)


def test_without_kafka_s_folder_no_principal_has_a_password(tmp_path: Path) -> None:
    make(mounted(tmp_path, "postgresql", "grafana", "api"))
    of_database = {f"postgresql/{name}" for name in ("password", "url", *ROLES)}
    assert {*of_database, "grafana/password"} == files(tmp_path).keys()


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
