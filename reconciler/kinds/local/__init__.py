"""What lies beside a spec and is uploaded: folders, files, and what of them stays here."""
