"""What every stage runs on: loop, runtime, run folder, reporter."""
