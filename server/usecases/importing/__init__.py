"""Writes the contents of an export to the database; a later export brings what has changed since."""
