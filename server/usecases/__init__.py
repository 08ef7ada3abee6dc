"""What is decided, in which order and in which transaction: a package for each noun of the contract."""
