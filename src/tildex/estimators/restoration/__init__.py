"""Images restored: noise, missing pixels, colours."""
