"""What is wrong at this box, in words: the verbs ``doctor`` and ``status``."""
