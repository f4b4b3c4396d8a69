"""Demonstration mode: accounts of their own, filled by running the real engine over 90 days of a simulated clock."""
