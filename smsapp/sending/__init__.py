"""The sending engine: outbox, dispatcher, reports, replies, scheduler. Nothing else writes the state of a message."""
