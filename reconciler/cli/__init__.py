"""The command line: arguments to operations to views to exit codes; decides nothing itself."""
