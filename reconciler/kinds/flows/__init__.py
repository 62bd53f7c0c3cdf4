"""What a prompt flow needs beyond its handler: its folder, its file, its service."""
