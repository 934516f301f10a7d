"""The emulator with our extension: `python3 test/deploy/emulator`, with its packages on PYTHONPATH.

ministack refuses a template that has a type it does not know. What our templates have and it lacks is
added here, on the emulator's side: the templates stay as they are for AWS. Each module adds the types of
one part; what is only stored, and what is real, says docs/deploy.md.
"""

import ctypes
import signal

from ministack import app

import alarms
import buckets
import network
import secrets_manager
import stores
import streaming
import wide_column

for part in (alarms, buckets, network, secrets_manager, stores, streaming, wide_column):
    part.register()

# Nobody else ends it when who started it is killed: the kernel sends the signal then.
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

# With TLS it would listen on 443 as well, for issuers that we do not have.
app._port_is_bindable = lambda host, port: False

app.main()
