"""People: names, birth dates, contacts, identifiers, what characters they have, and how patients are searched for."""
