"""The S3 of the deploy test's emulator by itself, over HTTP and without credentials of its own."""

import ctypes
import signal

from ministack import app

# Nobody else ends it when who started it is killed: the kernel sends the signal then.
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

app._port_is_bindable = lambda host, port: False

app.main()
