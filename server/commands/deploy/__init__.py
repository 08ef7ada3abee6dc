"""Commands that run the system in production."""
