// LoadHarness
