"""Appointments, and the days, hours and feeds around them."""
