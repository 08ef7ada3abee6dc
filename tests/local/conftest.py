"""A copy of the checkout for each module, in which the whole system runs."""

from collections.abc import Iterator

import pytest

from tests.fixtures.stack import Copy, copied


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of the checkout, at a path with a space; whatever runs in it at the end is stopped."""
    with copied(tmp_path_factory.mktemp("a checkout")) as copy:
        yield copy


@pytest.fixture
def running(copy: Copy) -> None:
    """The copy is started unless an earlier test has left it running."""
    copy.start()
