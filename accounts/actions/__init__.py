"""Writing staff: their accounts, and what they prefer."""
