"""Files to records: product images, product lists, dialogues. No torch here."""
