"""`python -m peibu`, the same as `peibu`."""

from peibu.cli import main

main()
