"""What is in the image may be passed on with it."""

from ops.licences import licences

# Permissive ones, and the LGPL for psycopg, which is used as a library and can be replaced.
KNOWN = (
    "3-Clause BSD License",
    "Apache Software License",
    "Apache Software License; BSD License",
    "Apache Software License; MIT License",
    "Apache-2.0",
    "Apache-2.0 AND BSD-2-Clause",
    "Apache-2.0 AND MIT",
    "Apache-2.0 OR BSD-2-Clause",
    "Apache-2.0 OR BSD-3-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC License (ISCL)",
    "LGPL-3.0-only",
    "MIT",
    "MIT AND PSF-2.0",
    "MIT License",
    "MIT OR Apache-2.0",
    "MIT-0",
    "PSF-2.0",
    "Python Software Foundation License",
)


def test_every_licence_is_one_that_was_looked_at() -> None:
    found = licences()
    assert {licence: found[licence] for licence in found if licence not in KNOWN} == {}
    assert all(name.startswith("psycopg") for name in found["LGPL-3.0-only"])
