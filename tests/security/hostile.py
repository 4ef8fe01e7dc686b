"""Targets that nobody is to reach through a runner, in all the ways in which an address can be written, named or led to."""
import ipaddress
from urllib.parse import quote

# An address of each class, besides many more of the last three below.
PUBLIC, PUBLIC_V6 = "8.8.8.8", "2606:4700::1111"
PRIVATE = ["10.1.2.3", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.254", "100.64.0.1", "100.127.255.254"]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "127.255.255.254"]
SPECIAL = ["0.0.0.0", "0.1.2.3", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.254", "198.51.100.1", "203.0.113.1", "224.0.0.1",
           "239.255.255.250", "240.0.0.1", "255.255.255.255"]
NEVER = ["169.254.169.254", "169.254.0.1", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192"]
PRIVATE_V6 = ["fc00::1", "fd12:3456:789a::1"]
LOOPBACK_V6 = ["::1"]
SPECIAL_V6 = ["::", "::2", "100::1", "2001::1", "2001:10::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "4000::1", "5f00::1", "fec0::1", "ff02::1",
              "ff0e::1"]
NEVER_V6 = ["fe80::1", "febf::1", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"]

V4 = PRIVATE + LOOPBACK + SPECIAL + NEVER
V6 = PRIVATE_V6 + LOOPBACK_V6 + SPECIAL_V6 + NEVER_V6


def embedded(v4):
    """Every IPv6 address that may lead to it."""
    a, b, c, d = ipaddress.ip_address(v4).packed
    word, other = f"{a:02x}{b:02x}:{c:02x}{d:02x}", f"{a ^ 255:02x}{b ^ 255:02x}:{c ^ 255:02x}{d ^ 255:02x}"
    forms = [f"::ffff:{word}", f"::{word}", f"::ffff:0:{word}", f"64:ff9b::{word}", f"64:ff9b:1::{word}", f"64:ff9b:1:{a:02x}{b:02x}:{c:02x}:{d:02x}00::",
             f"64:ff9b:1:0:{a:02x}:{b:02x}{c:02x}:{d:02x}00::", f"2002:{word}::1", f"2001:0:{word}::1", f"2001:0:808:808:0:0:{other}",
             f"2606:4700::5efe:{word}", f"2606:4700::200:5efe:{word}"]
    return [str(ipaddress.ip_address(form)) for form in forms]


def in_url(address):
    return f"[{address}]" if ":" in address else address


def odd_forms(v4):
    """How a Location may write the address, as browsers and libcurl read it."""
    a, b, c, d = ipaddress.ip_address(v4).packed
    number = int(ipaddress.ip_address(v4))
    return [f"http://{number}/", f"http://{number:#x}/", f"http://0{number:o}/", f"http://{a}.{number & 0xFFFFFF}/", f"http://{a}.{b}.{number & 0xFFFF}/",
            f"http://{a:#x}.{b:#x}.{c:#x}.{d:#x}/", f"http://0{a:o}.0{b:o}.0{c:o}.0{d:o}/", f"http://{a:#x}.{b}.0{c:o}.{d}/", f"//{v4}/", f"http:///{v4}/",
            f"http:/{v4}/", f"http://{v4}./", f"http://x@{v4}/", f"http://8.8.8.8@{v4}/", f"http://{v4}:80/", f"http://{v4}#@8.8.8.8/", f"http://{v4}?@8.8.8.8/",
            f"http://8.8.8.8%40{v4}/", f"http://[::ffff:{v4}]/", f"http://[::{v4}]/", f"http://[64:ff9b::{v4}]/", "x\\@" + v4, f"HTTP://{v4}/", f"http:\\\\{v4}\\"]


def go(place, code=302, start=PUBLIC):
    """A URL at start that leads to place."""
    return f"http://{in_url(start)}/go/{code}/{quote(place, safe='')}"


def corpus(names):
    """label → URL of every target. names: the name server, which gets the names that they have."""
    found = {}
    for address in V4 + V6 + [form for v4 in V4 for form in embedded(v4)]:
        found[f"literal {address}"] = f"http://{in_url(address)}/"
    for number, addresses in enumerate([[one] for one in V4 + V6] + [[form] for form in embedded("169.254.169.254") + embedded("10.1.2.3")]
                                       + [["10.1.2.3", "fd12::1"], ["127.0.0.1", "::1"], ["169.254.169.254", "10.1.2.3"], ["::ffff:127.0.0.1", "::1"]]):
        names.at[f"inside{number}.test"] = addresses
        found[f"name of {addresses}"] = f"http://inside{number}.test/"
        found[f"redirect to a name of {addresses}"] = go(f"http://inside{number}.test/")
    for number, address in enumerate(V4 + V6):
        found[f"redirect to {address}"] = go(f"http://{in_url(address)}/", (301, 302, 303, 307, 308)[number % 5])
    for address in ("169.254.169.254", "127.0.0.1", "10.1.2.3", "192.168.0.1"):
        for place in odd_forms(address):
            found[f"redirect to {place}"] = go(place)
    found["two redirects"] = go(go("http://10.1.2.3/", start="9.9.9.9"))
    found["localhost"], found["redirect to localhost"] = "http://localhost/", go("http://localhost/")
    found["below localhost"], found["redirect below localhost"] = "http://a.localhost/", go("http://a.localhost/")
    return found
