"""Tests, one package per app."""
