"""How Peibu is installed, launched and packed: nothing here is imported by the product itself."""
