"""The directory: clinics, doctors and patients."""
