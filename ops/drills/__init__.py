"""Drills: something is really lost under load, and is brought back as docs/dr.md says."""
