"""The contract, and the programs that build and check it."""
