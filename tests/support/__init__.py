"""What the tests of several folders stand on: sandboxes, commands, faults, specs, time."""
