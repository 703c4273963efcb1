"""The pack of words: a picture classifier in 8 bits and WordNet's words for its classes."""
