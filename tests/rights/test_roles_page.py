"""docs/roles.md is what the tables say that decide."""

from pathlib import Path

from server.commands.access.roles import document


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "roles.md"
    assert page.read_text() == document(), "run `make roles`"
