"""What counts as chance where a difference is tested at the usual level."""

CHANCE = 1.96  # standard errors that chance alone exceeds in one of twenty cases
