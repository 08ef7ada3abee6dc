"""The primary and its replicas: which server answers, and transactions on it."""
