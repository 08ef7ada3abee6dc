"""Backups: Barman keeps them and the stream of WAL, restic copies both, encrypted, to a second place."""


class BackupError(Exception):
    """A backup or a restore failed or was refused; the text says why and what to do."""
