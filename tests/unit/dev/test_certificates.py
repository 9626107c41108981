"""Certificates of stacks and tests: accepted by every Python that Écluse runs on."""

import ssl
from pathlib import Path

from services.dev.certificates import authority, sign_pem


def test_a_strict_client_and_its_server_take_each_other_s_certificate(tmp_path: Path) -> None:
    """Python 3.13 is strict by itself: it wants the identifiers of RFC 5280."""
    ours, cafile, own = authority("ours"), tmp_path / "ours.pem", tmp_path / "own.pem"
    cafile.write_bytes(ours.pem)
    own.write_bytes(sign_pem(ours, "broker", ["localhost"]))
    client = ssl.create_default_context(cafile=str(cafile))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(cafile))
    server.verify_mode = ssl.CERT_REQUIRED
    for each in (client, server):
        each.verify_flags |= ssl.VERIFY_X509_STRICT
        each.load_cert_chain(own)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    other = server.wrap_bio(to_server, to_client, server_side=True)
    done: set[ssl.SSLObject] = set()
    for _ in range(10):
        for side in (one, other):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue
    assert {one, other} == done
