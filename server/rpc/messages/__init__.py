"""The messages of the contract: checking requests, making answers and errors."""
