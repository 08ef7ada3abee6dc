"""The data in Valkey: caches, which may be lost at any time, and refresh tokens."""
