"""Medical records: reading, writing, emergencies, and what keeps their keys and their audit trail in order."""
