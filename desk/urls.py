"""Addresses of the desk."""

from django.urls import URLPattern, path

from desk.urls_audit import urlpatterns as audit_urls
from desk.urls_incidents import urlpatterns as incident_urls
from desk.urls_insights import urlpatterns as insights_urls
from desk.urls_offers import urlpatterns as offer_urls
from desk.urls_office import urlpatterns as office_urls
from desk.urls_payments import urlpatterns as payment_urls
from desk.urls_policies import urlpatterns as policy_urls
from desk.urls_vouchers import urlpatterns as voucher_urls
from desk.views import case, case_actions, customers, home, log, queue, search

app_name = "desk"

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("queue/", queue.queue_page, name="queue"),
    path("search/", search.search, name="search"),
    path("log/", log.log, name="log"),
    path("log/customers/", log.find, name="log_find"),
    path("log/customer/", log.customer_panel, name="log_customer"),
    path("log/suggest/", log.suggest_failure, name="log_suggest"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:customer_id>/", customers.customer, name="customer"),
    path("cases/<slug:number>/", case.case, name="case"),
    path("cases/<slug:number>/write/<slug:kind>/", case_actions.write, name="case_write"),
    path("cases/<slug:number>/steps/<slug:kind>/<slug:verb>/", case_actions.step, name="case_step"),
    path("cases/<slug:number>/take/", case_actions.take, name="case_take"),
    path("cases/<slug:number>/assign/", case_actions.assign, name="case_assign"),
    path("cases/<slug:number>/classify/", case_actions.classify, name="case_classify"),
    path("cases/<slug:number>/wait/", case_actions.wait, name="case_wait"),
    path("cases/<slug:number>/go-on/", case_actions.go_on, name="case_go_on"),
    path("cases/<slug:number>/resolve/", case_actions.resolve, name="case_resolve"),
    path("cases/<slug:number>/reopen/", case_actions.reopen, name="case_reopen"),
    path("cases/<slug:number>/mail/<int:message_id>/retry/", case_actions.retry_mail, name="case_mail_retry"),
    *offer_urls,
    *voucher_urls,
    *payment_urls,
    *incident_urls,
    *insights_urls,
    *audit_urls,
    *policy_urls,
    *office_urls,
]
