"""What runs in the user's interpreter (Python 3.8 or later, standard library alone) and reads its libraries."""
