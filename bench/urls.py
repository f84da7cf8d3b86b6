"""The product's addresses, and that of the floor."""

from django.urls import path

from bench.floor import floor
from recovery.urls import urlpatterns as product

urlpatterns = [path("bench/floor/", floor, name="floor"), *product]
