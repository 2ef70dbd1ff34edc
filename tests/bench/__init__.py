"""The benchmarks themselves: that they run, check their answers, and notice what became slower."""
