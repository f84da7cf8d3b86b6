"""Forms of the desk: shape and field checks only; rules live in the actions."""
