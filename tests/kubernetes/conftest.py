"""Each overlay, rendered once."""

import pytest

from tests.kubernetes.rendered import FOLDER, OVERLAYS, Overlay, rendered


@pytest.fixture(scope="session", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> Overlay:
    """One of deploy/kubernetes/overlays."""
    return Overlay(request.param, rendered(FOLDER / "overlays" / request.param))
