"""Where the service may connect to when somebody else says where."""

import ipaddress
from typing import Final

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Some router makes IPv4 of what goes there (RFC 6052)."""

_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""Of all of IPv6, what is given out to the internet; the rest is for other ends, or for none yet."""

_EXAMPLES: Final = ipaddress.IPv6Network("3fff::/20")
"""For documents (RFC 9637); older releases of Python do not know it."""


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the internet: not of this machine, nor of a network around it.

    An IPv6 address that leads to an IPv4 address is what that one is.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not found.is_multicast
    if found.ipv4_mapped is not None:
        return is_public(str(found.ipv4_mapped))
    if found in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    if found.sixtofour is not None and not is_public(str(found.sixtofour)):
        return False
    return found.is_global and found in _UNICAST and found not in _EXAMPLES
