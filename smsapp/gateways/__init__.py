"""Who carries the messages: the contract every gateway keeps, and one module per gateway."""
