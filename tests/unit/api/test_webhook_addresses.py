"""Addresses of webhooks: public ones by https, and no way into our own network."""

import asyncio

import pytest

from services.api.webhooks.delivery import Forbidden, PublicResolver, check_address, is_public

INSIDE = frozenset({"erp.mairie.lan", "127.0.0.1"})


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://erp.example/ecluse", "erp.example"),
        ("https://ERP.example:8443/a?b=c", "erp.example"),
        ("https://93.184.215.14/", "93.184.215.14"),
        ("https://[2001:4860:4860::8888]/", "2001:4860:4860::8888"),
        ("http://erp.mairie.lan/ecluse", "erp.mairie.lan"),
        ("http://127.0.0.1:9000/", "127.0.0.1"),
    ],
)
def test_an_address_that_may_be_posted_to(address: str, host: str) -> None:
    assert host == check_address(address, INSIDE)


@pytest.mark.parametrize(
    "address",
    [
        "http://erp.example/",
        "ftp://erp.mairie.lan/",
        "https://user:secret@erp.example/",
        "https://:secret@erp.example/",
        "https://erp.example/#part",
        "https:///nowhere",
        "https://erp.example:port/",
        "https://localhost/",
        "https://kafka/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://10.1.2.3/",
        "https://127.0.0.2/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[::a00:1]/",
        "https://[::ffff:0:a00:1]/",
        "https://[fec0::1]/",
        "https://[2002:a00:1::]/",
        "https://erp.example/\r\nX: y",
        "https://erp.exämple/",
        "https://erp.example/" + "a" * 2_000,
    ],
)
def test_an_address_that_may_not(address: str) -> None:
    with pytest.raises(Forbidden):
        check_address(address, INSIDE)


@pytest.mark.parametrize(("host", "public"), [("8.8.8.8", True), ("224.0.0.1", False)])
def test_a_host_of_the_internet(host: str, public: bool) -> None:
    assert public is is_public(host)


def test_a_name_that_leads_inside_is_refused_where_it_is_resolved() -> None:
    """Whatever the address said when it was added: names can be bound anew."""

    async def resolve(allowed: frozenset[str]) -> list[str]:
        resolver = PublicResolver(allowed)
        return [each["host"] for each in await resolver.resolve("localhost")]

    with pytest.raises(Forbidden):
        asyncio.run(resolve(INSIDE))
    assert ["127.0.0.1"] == asyncio.run(resolve(frozenset({"localhost"})))
