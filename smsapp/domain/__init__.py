"""The rules of the product as pure functions: no database, no network, no clock."""
