"""Rules of supervision: pure functions from facts and terms to attendance, findings and totals."""
