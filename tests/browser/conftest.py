"""One browser for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.browser.page import VerifyPage, open_browser


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VerifyPage]:
    """The committed page, without anything pinned."""
    browser = open_browser(tmp_path_factory.mktemp("profile"))
    try:
        yield VerifyPage(browser)
    finally:
        browser.quit()
