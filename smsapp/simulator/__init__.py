"""The public campaign simulator: the exact price of a campaign before there is an account (S11, S84)."""
