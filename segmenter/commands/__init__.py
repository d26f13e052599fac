"""What each command does: build the configuration, call one function below, show the result."""
