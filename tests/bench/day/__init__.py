"""A mixed day of many sessions over the whole stack: 60 % slots, 25 % lists, 10 % bookings, 5 % cancels.

The stack is the one of `make up`, on ports and in a directory of its own, with all its limits as they come: no address
and no session calls so often that one would be met.
"""
