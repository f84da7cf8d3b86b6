"""What tests share: databases, browser, strict templates."""
