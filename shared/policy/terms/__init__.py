"""The terms a rulebook sets: one chapter per service, frozen dataclasses, every value beside its rule and clause.

Kept rulebooks of earlier releases must read for ever: a field added to a term has a default, and none is taken away.
"""
