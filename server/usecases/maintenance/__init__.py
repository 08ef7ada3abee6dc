"""What keeps the database healthy: cleaning up, archiving, checks of capacity and of time zones."""
