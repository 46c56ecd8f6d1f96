"""What every process of imagesieve agrees on: settings, names, records, errors, broker, store, command line."""
