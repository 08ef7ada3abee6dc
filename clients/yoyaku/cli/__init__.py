"""`yoyaku`: the appointment book on the command line."""
