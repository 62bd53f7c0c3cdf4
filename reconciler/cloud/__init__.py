"""Everything that talks to Azure: connection, requests, waiting, errors."""
