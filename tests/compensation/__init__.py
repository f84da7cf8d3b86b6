"""Tests of compensation."""
