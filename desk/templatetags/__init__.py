"""Template tags of the desk's pages."""
