"""Every fixture lives in a plugin of its own under tests/fixtures."""

from hypothesis import settings

# Other tests run beside: how long one example takes says nothing.
settings.register_profile("beside_others", deadline=None)
settings.load_profile("beside_others")

pytest_plugins = [
    "tests.fixtures.costs",
    "tests.fixtures.side_by_side",
    "tests.fixtures.cluster",
    "tests.fixtures.database",
    "tests.fixtures.valkey",
    "tests.fixtures.seconds",
    "tests.fixtures.book",
    "tests.fixtures.books",
    "tests.fixtures.worker",
    "tests.fixtures.clinic",
    "tests.fixtures.charts",
    "tests.fixtures.family",
    "tests.fixtures.archives",
    "tests.fixtures.people",
    "tests.fixtures.second_factor",
    "tests.fixtures.workers",
    "tests.fixtures.mail",
    "tests.fixtures.notices",
]
