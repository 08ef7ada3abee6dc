"""Days of doctors as all their readers share them: rendered once for every change, kept, and told."""
