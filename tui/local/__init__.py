"""Everything that touches this machine: folders, configuration, credentials, journal, log. Knows no network and no screen."""
