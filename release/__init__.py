"""What a release is made of and checked by; `.github/workflows/release.yml` only calls it."""
