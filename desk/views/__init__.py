"""Pages of the desk, a module a subject."""
