"""What packet tests put into machines: a server that answers and listens, and probes that say what happened.

Only bash and perl's base modules are used, which every Debian has; the machines' image is the host's own /usr.
"""

from conftest import run_shell

# TCP 80, 81 and 7 answer each line with the caller's address; UDP 5555 the same. A packet socket notes every UDP
# packet to port 5555 that reaches the interface, even one meant for another address: "source destination payload".
SERVER = r"""#!/bin/bash
cat >/root/server.pl <<'PERL'
use strict; use IO::Socket::IP; use Socket;
$| = 1; $SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'IGNORE';
for my $port (80, 81, 7) {
  next if fork;
  my $s = IO::Socket::IP->new(LocalHost => '::', LocalPort => $port, Listen => 64, ReuseAddr => 1, V6Only => 0) or die "$port $@";
  while (my $c = $s->accept) {
    next if fork;
    while (my $line = <$c>) { print $c $c->peerhost . "\n"; $c->flush; }
    exit;
  }
  exit;
}
unless (fork) {
  my $u = IO::Socket::IP->new(LocalHost => '0.0.0.0', LocalPort => 5555, Proto => 'udp') or die "udp $@";
  while (defined(my $from = $u->recv(my $data, 2000))) { $u->send($u->peerhost, 0, $from); }
  exit;
}
socket(my $raw, 17, SOCK_DGRAM, 8) or die "packet $!";
open(my $seen, '>>', '/root/seen'); $seen->autoflush;
open(my $ready, '>', '/root/ready'); close $ready;
while (defined(my $from = recv($raw, my $p, 2000, 0))) {
  next if length $from > 10 && ord(substr($from, 10, 1)) == 4;  # its own, going out
  my $head = (ord($p) & 15) * 4;
  next unless length($p) >= $head + 8 && ord(substr($p, 9, 1)) == 17 && unpack('n', substr($p, $head + 2, 2)) == 5555;
  print $seen join(' ', inet_ntoa(substr($p, 12, 4)), inet_ntoa(substr($p, 16, 4)), substr($p, $head + 8)), "\n";
}
PERL
setsid perl /root/server.pl >/root/server.log 2>&1 </dev/null &
"""

# Prints "up" when the server's sockets are open.
READY = "test -e /root/ready && bash -c 'exec 3<>/dev/tcp/127.0.0.1/80 4<>/dev/tcp/127.0.0.1/81 5<>/dev/tcp/127.0.0.1/7' && echo up; true"

# How long probes listen. What comes within this time counts even if the probe gets its turn later: `select` looks once
# more after its time is over, so only the network and the other side must keep to it.
SECONDS = 2

# Arguments: address, port. Begins a TCP connection; prints what became of it.
TCP = r"""perl -MSocket=:all -MIO::Handle -MErrno=EINPROGRESS -e 'my ($bad, $to) = getaddrinfo($ARGV[0], $ARGV[1], {socktype => SOCK_STREAM});
die $bad if $bad; socket(my $s, $to->{family}, SOCK_STREAM, 0) or die $!; $s->blocking(0);
if (connect($s, $to->{addr})) { print "open"; exit } if ($! != EINPROGRESS) { print "refused"; exit }
vec(my $w = "", fileno $s, 1) = 1; if (!select(undef, $w, undef, SECONDS)) { print "silent"; exit }
print unpack("i", getsockopt($s, SOL_SOCKET, SO_ERROR)) ? "refused" : "open"' """.replace("SECONDS", str(SECONDS))

# Arguments: address, payload. Prints the answer, or nothing if none comes.
UDP = r"""perl -MIO::Socket::IP -e 'my $u = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => 5555, Proto => "udp");
$u->send($ARGV[1]); vec(my $r = "", fileno $u, 1) = 1; if (select($r, undef, undef, SECONDS)) { $u->recv(my $d, 100); print $d }' """.replace(
    "SECONDS", str(SECONDS))

# Arguments: address. Prints "echo" when the ping is answered.
PING = r"""perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, 1) or die $!; my $m = pack("C2n3A8", 8, 0, 0, $$ & 65535, 1, "abcdefgh");
my $x = 0; $x += $_ for unpack("n*", $m); $x = ($x & 65535) + ($x >> 16) for 1..2; substr($m, 2, 2) = pack("n", ~$x & 65535);
send($s, $m, 0, sockaddr_in(0, inet_aton($ARGV[0]))); my $until = time + SECONDS;
for (;;) { my $left = $until - time; vec(my $r = "", fileno $s, 1) = 1; last unless select($r, undef, undef, $left > 0 ? $left : 0);
recv($s, my $p, 2000, 0); if (ord(substr($p, 20, 1)) == 0 && unpack("n", substr($p, 24, 2)) == ($$ & 65535)) { print "echo"; last } }' """.replace(
    "SECONDS", str(SECONDS))

# Arguments: forged source, destination, payload. A whole IP packet through a raw socket; prints "sent".
FORGE = r"""perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, 255) or die "no raw socket: $!"; my $d = $ARGV[2];
my $u = pack("n4", 4444, 5555, 8 + length $d, 0) . $d;
my $h = pack("C2n3C2na4a4", 0x45, 0, 20 + length $u, 7, 0, 64, 17, 0, inet_aton($ARGV[0]), inet_aton($ARGV[1]));
defined send($s, $h . $u, 0, sockaddr_in(0, inet_aton($ARGV[1]))) or die "not sent: $!"; print "sent"' """


def shell(cloud, instance, command):
    """One command on one machine; its output. The command must succeed."""
    status, out, err = run_shell(cloud, [instance], command)[instance]
    assert status == "Success", (status, out, err)
    return out.strip()


def reach(cloud, instance, address, port=80):
    """A TCP connection from inside: "open", "refused" or "silent" (no answer in time)."""
    return shell(cloud, instance, f"{TCP} {address} {port}")


def ask_udp(cloud, instance, address, payload="word"):
    return shell(cloud, instance, f"{UDP} {address} {payload}")


def ping(cloud, instance, address):
    return shell(cloud, instance, f"{PING} {address}") == "echo"


def forge(cloud, instance, source, destination, payload):
    return shell(cloud, instance, f"{FORGE} {source} {destination} {payload}")


def seen(cloud, instance):
    """[(source, destination, payload)] of the UDP packets that reached the machine's interface."""
    return [tuple(line.split()) for line in shell(cloud, instance, "cat /root/seen").splitlines()]
