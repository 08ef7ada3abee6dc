"""Commands about accounts, keys and rights."""
