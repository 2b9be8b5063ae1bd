"""Charts: one function for each question; a table and a catalogue in, an Altair chart out.

A module for each review (`demand`, `supply`, ...) holds its functions; `style` holds what they
share: colours by meaning, the month axis, the time fence, labels on lines. Altair is imported
inside the functions, so that a kernel that draws nothing pays nothing.
"""
