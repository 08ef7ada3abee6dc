"""What a restored database needs before anybody uses it, and when each step of the backups last succeeded."""
