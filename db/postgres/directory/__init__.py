"""Clinics, doctors and patients."""
