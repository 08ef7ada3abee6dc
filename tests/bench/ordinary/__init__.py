"""Our own parts beside what others keep: a library, or the ordinary way of the framework that we use anyway."""
