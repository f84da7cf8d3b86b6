"""Addresses of payments at the desk: what is due, batches, accounts."""

from django.urls import URLPattern, path

from desk.views import payments

urlpatterns: list[URLPattern] = [
    path("payments/", payments.payments, name="payments"),
    path("payments/freeze/", payments.freeze, name="payments_freeze"),
    path("payments/accounts/", payments.accounts, name="paying_accounts"),
    path("payments/payee/<int:offer_id>/", payments.payee, name="payment_payee"),
    path("payments/batches/<int:batch_id>/", payments.batch, name="payment_batch"),
    path("payments/batches/<int:batch_id>/result/", payments.result, name="payment_result"),
    path("payments/batches/<int:batch_id>/<slug:kind>/", payments.download, name="payment_file"),
    path("payments/<int:line_id>/confirm/", payments.confirm, name="payment_confirm"),
    path("payments/<int:line_id>/fail/", payments.fail, name="payment_fail"),
    path("payments/<int:line_id>/again/", payments.again, name="payment_again"),
]
