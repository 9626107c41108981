"""Python's search for cycles, off while anything is restored."""

import gc

import pytest

from services.runtime.processing.cycle_collection import no_collection


def test_it_is_on_again_when_the_last_restore_has_ended() -> None:
    with no_collection():
        with no_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_on_again_after_a_restore_that_failed() -> None:
    with pytest.raises(ValueError, match="lost"), no_collection():
        raise ValueError("lost")
    assert gc.isenabled()
