"""Series: appointments that are booked together, at the same time of day, and can be cancelled together."""
