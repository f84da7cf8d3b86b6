"""Addresses of internal audit: exceptions, lists for review, and the trail of one offer."""

from django.urls import URLPattern, path

from desk.downloads import file_paths
from desk.views import exceptions, offer_trail, reviews

urlpatterns: list[URLPattern] = [
    path("audit/exceptions/", exceptions.exceptions, name="exceptions"),
    *file_paths("audit/exceptions", exceptions.exceptions_file, "exceptions"),
    path("audit/reviews/", reviews.lists, name="reviews"),
    path("audit/reviews/<int:list_id>/", reviews.review_list, name="review_list"),
    *file_paths("audit/reviews/<int:list_id>", reviews.review_file, "review"),
    path("audit/reviews/<int:list_id>/<int:place>/", reviews.review_item, name="review_item"),
    path("offers/<int:offer_id>/trail/", offer_trail.trail_page, name="offer_trail"),
    *file_paths("offers/<int:offer_id>/trail", offer_trail.trail_file, "offer_trail"),
]
