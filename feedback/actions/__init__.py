"""The only writers of surveys: inviting, sending, answering and following up."""
