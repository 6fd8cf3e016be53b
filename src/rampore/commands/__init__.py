"""What the longer subcommands do: read a user's file, compute, write results and a figure."""
