"""What each document demands on paper before a class may open and money may flow, told through the public APIs.

A module has `prepare(story, admit)`, which enters what the bureau has to have entered; `application_of(story, part)`
and `row_of(story, part, people)` give what the application of a class and the rows of its roster say besides.
"""
