"""The page of the installation's operator: the gateways. Above the engine, whose troubles it shows."""
