"""Addresses of vouchers at the desk."""

from django.urls import URLPattern, path

from desk.downloads import file_paths
from desk.views import redeem, voucher_rules, vouchers

urlpatterns: list[URLPattern] = [
    path("offers/<int:offer_id>/voucher/", vouchers.issue, name="voucher_issue"),
    path("vouchers/", vouchers.vouchers, name="vouchers"),
    *file_paths("vouchers/export", vouchers.vouchers_file, "vouchers"),
    path("vouchers/redeem/", redeem.redeem, name="voucher_redeem"),
    path("vouchers/redemptions/<int:redemption_id>/", redeem.receipt, name="voucher_receipt"),
    path("vouchers/<int:voucher_id>/", vouchers.voucher, name="voucher"),
    path("vouchers/<int:voucher_id>/void/", vouchers.void, name="voucher_void"),
    path("vouchers/<int:voucher_id>/send/", vouchers.send_again, name="voucher_send"),
    path(
        "vouchers/<int:voucher_id>/redemptions/<int:redemption_id>/take-back/",
        vouchers.take_back,
        name="voucher_take_back",
    ),
    path("settings/vouchers/<slug:kind>/", voucher_rules.voucher_rule_edit, name="voucher_rule_edit"),
]
