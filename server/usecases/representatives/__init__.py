"""Representatives: staff let the account of one patient act for another, and whoever may ends that."""
