"""Commands for the stack that runs on this machine."""
