"""What every call goes through, whichever service it is for."""
