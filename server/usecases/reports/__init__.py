"""Reports about a clinic's days."""
