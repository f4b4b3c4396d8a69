"""What was sent to a contact, for the page of the address book: its room stands below those that know it."""

from smsapp.reports.contact import Past, Step, last_statuses, past

__all__ = ["Past", "Step", "last_statuses", "past"]
