"""Medical records: reading and writing them, breaking the glass, and looking after their keys and audit trail."""
