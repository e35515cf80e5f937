"""One screen a file, with its style sheet of the same name beside. Screens are made once and used again."""
