"""Generates cases by the hundred thousand and writes them by COPY, as true to the product as the demo's."""
