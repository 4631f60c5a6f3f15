"""Screens under test: a fake sitting, a small pull interval, the language set back afterwards."""

from collections.abc import Iterator

import pytest

from agent.text import use_language


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")
