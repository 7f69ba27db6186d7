"""Ties the bridge's runner to this platform's descriptors. User code never sees this module's names."""

import codelet_bridge
import codelet_platform

_session = codelet_bridge.open_device_session(codelet_platform.FRAMES, codelet_platform.FRAMES, codelet_platform.OUTPUTS)

codelet_platform.use(lambda: _session.serve() == "snapshot")
