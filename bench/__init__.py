"""Benchmarks: how fast the services' own code is, always as a ratio to a bare path measured in the same run."""
