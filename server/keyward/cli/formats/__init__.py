"""The forms in which a report is printed, one module each with one function that gives the text."""
