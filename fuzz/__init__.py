"""What takes bytes from outside, fed with any: by hypothesis in the tests, by coverage in `make fuzz`."""
