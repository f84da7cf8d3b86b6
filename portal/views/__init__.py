"""Customers' pages, a file per subject."""
