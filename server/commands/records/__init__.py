"""Commands about medical records and their audit trail."""
