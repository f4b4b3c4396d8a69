"""The address book: contacts, groups, the blacklist."""
