"""Campaigns: drafts, audience, the composer, the review, the start."""
