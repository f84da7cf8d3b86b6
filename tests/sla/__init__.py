"""Tests of business time and service levels."""
