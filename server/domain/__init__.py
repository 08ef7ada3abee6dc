"""The rules of booking and of everything around it: no input or output, and only the standard library."""
