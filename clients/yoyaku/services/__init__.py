"""The services of the contract: a module each."""
