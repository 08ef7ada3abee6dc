"""Writing what an export holds into the book, so that a second time changes nothing."""
