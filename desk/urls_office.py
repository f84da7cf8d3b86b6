"""Addresses of what surrounds the cases: notices, the mailbox, settings and one's own preferences."""

from django.urls import URLPattern, path

from desk import urls_budgets, urls_kinds
from desk.downloads import file_paths
from desk.views import audit, days, home, limits, mailbox, office, places, preferences, undelivered, wording

urlpatterns: list[URLPattern] = [
    path("follow-ups/<int:follow_up_id>/finish/", home.finish, name="follow_up_finish"),
    path("notifications/", preferences.notifications, name="notifications"),
    path("notifications/read/", preferences.read_all, name="notifications_read"),
    path("notifications/<int:notice_id>/", preferences.open_notice, name="notification_open"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("mailbox/", mailbox.mailbox_page, name="mailbox"),
    path("mailbox/<int:message_id>/", mailbox.message_page, name="mailbox_message"),
    path("mailbox/<int:message_id>/retry/", mailbox.retry, name="mailbox_retry"),
    path("undelivered/", undelivered.undelivered, name="undelivered"),
    path("undelivered/retry/", undelivered.retry_all, name="undelivered_retry_all"),
    path("undelivered/<int:message_id>/retry/", undelivered.retry, name="undelivered_retry"),
    path("audit/", audit.audit, name="audit"),
    *file_paths("audit/export", audit.audit_file, "audit"),
    path("settings/", office.settings_page, name="settings"),
    path("settings/people/new/", office.staff_new, name="staff_new"),
    path("settings/people/<int:user_id>/", office.staff_edit, name="staff_edit"),
    path("settings/branches/new/", places.branch_new, name="branch_new"),
    path("settings/branches/<int:branch_id>/", places.branch_edit, name="branch_edit"),
    path("settings/calendars/new/", places.calendar_new, name="calendar_new"),
    path("settings/calendars/<int:calendar_id>/", places.calendar_edit, name="calendar_edit"),
    path("settings/calendars/<int:calendar_id>/days/", days.days_page, name="calendar_days"),
    path("settings/calendars/<int:calendar_id>/days/list/", days.days_list, name="calendar_days_list"),
    path("settings/calendars/<int:calendar_id>/days/<str:first>/", days.days_edit, name="calendar_days_edit"),
    path(
        "settings/calendars/<int:calendar_id>/days/<str:first>/remove/",
        days.days_remove,
        name="calendar_days_remove",
    ),
    path("settings/targets/change/", limits.targets_edit, name="targets_edit"),
    path("settings/targets/<str:day>/withdraw/", limits.targets_withdraw, name="targets_withdraw"),
    path("settings/authority/new/", limits.authority_new, name="authority_new"),
    path("settings/authority/<str:currency>/", limits.authority_edit, name="authority_edit"),
    path(
        "settings/authority/<str:currency>/<str:day>/withdraw/",
        limits.authority_withdraw,
        name="authority_withdraw",
    ),
    path("settings/taxonomy/families/new/", wording.family_new, name="family_new"),
    path("settings/taxonomy/families/<int:family_id>/new/", wording.kind_new, name="kind_new"),
    path("settings/taxonomy/failures/<int:defect_id>/", wording.defect_edit, name="defect_edit"),
    path("settings/taxonomy/causes/new/", wording.cause_new, name="cause_new"),
    path("settings/taxonomy/causes/<int:cause_id>/", wording.cause_edit, name="cause_edit"),
    path("settings/playbooks/<int:playbook_id>/", wording.playbook_edit, name="playbook_edit"),
    path("settings/scripts/new/", wording.script_new, name="script_new"),
    path("settings/scripts/<slug:code>/", wording.script_edit, name="script_edit"),
    *urls_kinds.urlpatterns,
    *urls_budgets.urlpatterns,
    path("settings/<slug:section>/", office.section_page, name="settings_section"),
    path("demo/sign-in/", preferences.demo_sign_in, name="demo_sign_in"),
]
