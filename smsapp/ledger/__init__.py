"""Floor 3: double-entry credits. Nothing else in the product writes a balance."""
