"""Child processes, and what they need of the machine."""
