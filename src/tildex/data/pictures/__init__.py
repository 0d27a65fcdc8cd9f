"""Pictures: one, a folder of them, with tags, in patches."""
