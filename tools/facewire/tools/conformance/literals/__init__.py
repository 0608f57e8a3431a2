"""The literal cases of vectors.json, and what each is compared with."""
