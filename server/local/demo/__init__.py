"""Demo data: a few small clinics, or a whole hospital group with years of appointments."""
