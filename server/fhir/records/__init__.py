"""What becomes medical records: conditions, and documents of plain text."""
