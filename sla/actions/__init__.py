"""Writing the business calendars, and which branch works by which."""
