"""Commands that move data in and out, and check it."""
