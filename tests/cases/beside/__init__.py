"""What the worked examples do not tell: stories of one document each, played beside them in the same system."""
