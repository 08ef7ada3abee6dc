"""Commands about slots, appointments and working hours."""
