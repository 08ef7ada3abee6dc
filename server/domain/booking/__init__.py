"""The rules of booking: hours, slots, seats, policies and the states of an appointment."""
