"""The servicers: a module for each service of the contract."""
