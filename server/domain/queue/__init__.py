"""The queue of a doctor's day: who is called when."""
