"""Time off of doctors."""
