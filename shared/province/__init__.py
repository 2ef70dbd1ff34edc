"""Enter what happened in the provincial system, line by line, and keep its receipts (JY-INT-01, JY-ENR-04)."""
