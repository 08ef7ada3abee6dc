"""Days of doctors, shared by all readers: rendered once for every change, cached, and announced."""
