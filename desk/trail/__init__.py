"""The audit trail in words: what each kind of event is called, and what it changed."""
