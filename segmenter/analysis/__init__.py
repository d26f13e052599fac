"""Pure analyses: arrays in, frozen results out."""
