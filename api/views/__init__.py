"""Endpoints of the API, a module a subject."""
