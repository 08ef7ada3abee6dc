"""The worker that tells patients of their appointments, and the providers it goes through."""
