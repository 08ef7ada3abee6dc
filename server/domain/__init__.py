"""The rules of the appointment book: pure, standard library only."""
