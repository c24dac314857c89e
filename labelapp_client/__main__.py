"""`python -m labelapp_client` is the command `labelapp`."""

import sys

from labelapp_client.command_line import main

sys.exit(main())
