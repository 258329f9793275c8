"""One file per subcommand: its Recipe class and run(). Heavy imports live inside functions."""
