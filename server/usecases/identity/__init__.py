"""Who calls: accounts, passwords, sessions, devices and the tokens that they get."""
