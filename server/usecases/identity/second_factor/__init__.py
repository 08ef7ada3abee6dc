"""Second factors of people's accounts."""
