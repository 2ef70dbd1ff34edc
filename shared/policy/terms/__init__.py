"""The terms a rulebook sets: one chapter per service, frozen dataclasses, every value beside its rule and clause."""
