"""A flash crowd: many patients want the few slots of one clinic, while its desk goes on with its work."""
