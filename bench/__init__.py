"""Measures the product on many generated cases: `python -m bench --size 100000`, or `make bench`."""

# The share of answered cases that get an offer, as in the demo.
USUAL_OFFERS = 0.3
