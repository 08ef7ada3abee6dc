"""Medical records and their audit trail."""
