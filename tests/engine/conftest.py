"""The engine of each test ends with it."""

from collections.abc import Iterator

import pytest

from tests.engine.desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """An engine that is closed after the test."""
    made = Desk()
    yield made
    made.engine.close()
