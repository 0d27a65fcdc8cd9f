"""What the pages share: markup, numbers, cards."""
