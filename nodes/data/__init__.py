"""Data: pictures to train on and to judge by."""
