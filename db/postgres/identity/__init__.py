"""Accounts and what they sign in with."""
