"""What pages show: values in, values out, without HTTP, Redis or a clock."""
