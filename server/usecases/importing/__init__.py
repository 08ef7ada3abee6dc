"""Writes the contents of an export to the database; importing it a second time changes nothing."""
