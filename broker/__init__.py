"""The broker: the only process that speaks to iTerm2. It keeps the model, publishes events, carries out commands."""
