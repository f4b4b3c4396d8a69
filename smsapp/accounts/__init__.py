"""Accounts: sign-up, sessions, who may do what."""
