"""Commands that take backups and restore them."""
