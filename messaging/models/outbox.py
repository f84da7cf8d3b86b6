"""The outbox: an e-mail is a row before it is sent, so that none is lost or sent twice."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.secrets_in_mail import filled, unsealed
from messaging.states import MessageState


class OutboxMessage(models.Model):
    """One e-mail. `dedupe_key` names the occasion: a second message for the same occasion is refused.

    `message_id` is fixed when the row is made, so that a mail server can drop the copy of a retried send.
    A message that was sent loses its text after a time (`actions/pruning.py`) and keeps everything else.
    Where the text names a secret, such as the key in a link, it has a mark in its place (`whole_text`).
    """

    to_address = models.EmailField(pgettext_lazy("mail", "to"))
    to_name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=10)
    template = models.CharField(_("template"), max_length=40, blank=True)
    subject = models.CharField(_("subject"), max_length=250)
    body_text = models.TextField(_("text"))
    body_html = models.TextField(_("formatted text"), blank=True)
    sealed_secret = models.TextField(blank=True, default="", editable=False)
    message_id = models.CharField(_("message id"), max_length=200, unique=True)
    dedupe_key = models.CharField(_("occasion"), max_length=120, unique=True)
    about = models.CharField(_("about"), max_length=60, blank=True, help_text="An audit stream, e.g. case:17")
    state = models.CharField(_("state"), max_length=8, choices=MessageState, default=MessageState.QUEUED)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    due_at = models.DateTimeField(_("due"), default=timezone.now)  # while it is sent: when the claim runs out
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("due_at",),
                name="messaging_outbox_due",
                condition=models.Q(state__in=("queued", "sending")),
            ),
            models.Index(fields=("about", "-id"), name="messaging_outbox_about"),
            models.Index(fields=("-id",), name="messaging_outbox_failed", condition=models.Q(state="failed")),
            models.Index(
                fields=("sent_at",),
                name="messaging_outbox_sent_text",
                condition=models.Q(state="sent") & ~models.Q(body_text=""),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False),
                name="messaging_sent_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.to_address}: {self.subject}"

    @property
    def whole_text(self) -> str:
        """The text as its reader gets it. Raises ValueError where no key opens the secret in it."""
        return filled(self.body_text, unsealed(self.sealed_secret))

    @property
    def whole_html(self) -> str:
        """The formatted text as its reader gets it. Raises ValueError likewise."""
        return filled(self.body_html, unsealed(self.sealed_secret))
