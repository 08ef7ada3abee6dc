"""Commands about accounts, patients, displays and what patients are told."""
