"""Envoy's configuration, filled in from the contract, the pages and the limits."""
