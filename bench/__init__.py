"""Measures the product on many generated cases: `python -m bench --size 100000`, or `make bench`."""
