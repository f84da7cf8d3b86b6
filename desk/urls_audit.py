"""Addresses of internal audit: exceptions, lists for review, and the trail of one offer."""

from django.urls import URLPattern, path

from desk.views import exceptions, offer_trail, reviews

urlpatterns: list[URLPattern] = [
    path("audit/exceptions/", exceptions.exceptions, name="exceptions"),
    path("audit/exceptions.csv", exceptions.exceptions_csv, name="exceptions_csv"),
    path("audit/reviews/", reviews.lists, name="reviews"),
    path("audit/reviews/<int:list_id>/", reviews.review_list, name="review_list"),
    path("audit/reviews/<int:list_id>.csv", reviews.review_csv, name="review_csv"),
    path("audit/reviews/<int:list_id>/<int:place>/", reviews.review_item, name="review_item"),
    path("offers/<int:offer_id>/trail/", offer_trail.trail_page, name="offer_trail"),
    path("offers/<int:offer_id>/trail.csv", offer_trail.trail_csv, name="offer_trail_csv"),
]
