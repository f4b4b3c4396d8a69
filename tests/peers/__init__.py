"""What gateways are tested against: real programs where there are any, fakes written from documents where there are not."""
