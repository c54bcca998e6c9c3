"""Where results are kept between runs, by fingerprint; every tier passes one conformance suite."""
