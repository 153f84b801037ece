//! One question to one server: over UDP, and over TCP when the answer is too long or somebody seems to forge.

use super::decode;
use super::random_case::scramble;
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::Name;
use crate::wire::query::{OPCODE, QR, RD, TC};
use crate::wire::record::Kind;
use crate::wire::{CLASS_IN, EDNS_LIMIT, HEADER, u16_at};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Answers that do not fit the question, after which it is asked over TCP, where guessing is hopeless.
const MAX_FORGED: usize = 8;

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Nothing came in time.
    #[error("no answer in time")]
    Silent,
    /// Nothing could be sent, or the server's host says that nobody listens.
    #[error("not reachable: {0}")]
    Unreachable(#[from] io::Error),
    /// What came is no answer to the question.
    #[error("not understood: {0}")]
    Nonsense(&'static str),
    /// It answered that it cannot or does not want to.
    #[error("it answered with code {0}")]
    Unwilling(u16),
}

/// What an answer over UDP leads to.
enum Verdict {
    Answer(Answer),
    /// Ask again over TCP.
    Tcp,
    /// The server does not know EDNS.
    Plain,
}

/// Asks. The time holds for each packet exchanged, at most three.
pub(super) async fn ask(
    server: SocketAddr,
    name: &Name,
    kind: Kind,
    patience: Duration,
    forged: &AtomicU64,
) -> Result<Answer, Trouble> {
    let mut question = Question::new(name, kind, true);
    let mut verdict = by_udp(server, &question, patience, forged).await?;
    if matches!(verdict, Verdict::Plain) {
        question = Question::new(name, kind, false);
        verdict = by_udp(server, &question, patience, forged).await?;
    }
    match verdict {
        Verdict::Answer(answer) => Ok(answer),
        Verdict::Plain => Err(Trouble::Unwilling(Rcode::FormErr.code())),
        Verdict::Tcp => {
            let exchange = by_tcp(server, &question);
            timeout(patience, exchange).await.map_err(|_| Trouble::Silent)?
        }
    }
}

/// A question with its secrets.
struct Question<'n> {
    name: &'n Name,
    kind: Kind,
    id: u16,
    packet: Vec<u8>,
    /// Name in its case, type and class, as the answer must repeat them.
    end: usize,
}

impl<'n> Question<'n> {
    fn new(name: &'n Name, kind: Kind, edns: bool) -> Question<'n> {
        let id: u16 = rand::random();
        let mut packet = Vec::with_capacity(HEADER + name.as_wire().len() + 15);
        for word in [id, RD, 1, 0, 0, u16::from(edns)] {
            packet.extend(word.to_be_bytes());
        }
        packet.extend(scramble(name));
        packet.extend(kind.0.to_be_bytes());
        packet.extend(CLASS_IN.to_be_bytes());
        let end = packet.len();
        if edns {
            let size = u16::try_from(EDNS_LIMIT).unwrap_or(u16::MAX);
            packet.push(0);
            packet.extend(Kind::OPT.0.to_be_bytes());
            packet.extend(size.to_be_bytes());
            packet.extend([0; 6]);
        }
        Question { name, kind, id, packet, end }
    }

    /// Whether a packet answers this very question: id, direction, operation, and the question in its secret case.
    fn is_answered_by(&self, packet: &[u8]) -> bool {
        self.is_answered_in_some_case_by(packet)
            && packet.get(HEADER..self.end) == self.packet.get(HEADER..self.end)
    }

    /// The same without the secret in the case, which a few servers do not keep.
    fn is_answered_in_some_case_by(&self, packet: &[u8]) -> bool {
        let direction = u16_at(packet, 2).is_some_and(|flags| flags & (QR | OPCODE) == QR);
        let once = u16_at(packet, 4) == Some(1);
        let name_end = self.end - 4;
        let same_name = packet
            .get(HEADER..name_end)
            .is_some_and(|name| name.eq_ignore_ascii_case(&self.packet[HEADER..name_end]));
        let same_kind = packet.get(name_end..self.end) == self.packet.get(name_end..self.end);
        u16_at(packet, 0) == Some(self.id) && direction && once && same_name && same_kind
    }

    /// Whether the server says no more than that it could not read the question.
    fn is_not_understood_by(&self, packet: &[u8]) -> bool {
        let flags = u16_at(packet, 2).unwrap_or_default();
        u16_at(packet, 0) == Some(self.id)
            && flags & QR != 0
            && flags & 0xf == Rcode::FormErr.code()
            && u16_at(packet, 4) == Some(0)
    }

    fn judge(&self, packet: &[u8]) -> Result<Verdict, Trouble> {
        let flags = u16_at(packet, 2).unwrap_or_default();
        if flags & TC != 0 {
            return Ok(Verdict::Tcp);
        }
        match decode::decode(packet, self.name, self.kind) {
            Err(Trouble::Unwilling(code)) if self.with_edns() && has_no_edns(code) => Ok(Verdict::Plain),
            other => other.map(Verdict::Answer),
        }
    }

    fn with_edns(&self) -> bool {
        self.packet.len() > self.end
    }
}

/// Codes by which old servers answer EDNS (RFC 6891 §7).
fn has_no_edns(code: u16) -> bool {
    [Rcode::FormErr, Rcode::NotImp, Rcode::BadVers].map(Rcode::code).contains(&code)
}

async fn by_udp(
    server: SocketAddr,
    question: &Question<'_>,
    patience: Duration,
    forged: &AtomicU64,
) -> Result<Verdict, Trouble> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // A socket per question: the kernel chooses a random port. Connected, it takes packets from the server only.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question.packet).await?;
    let mut buffer = [0u8; EDNS_LIMIT];
    let listen = async {
        for _ in 0..MAX_FORGED {
            let length = socket.recv(&mut buffer).await?;
            let packet = &buffer[..length];
            if question.is_answered_by(packet) {
                return question.judge(packet);
            }
            if question.with_edns() && question.is_not_understood_by(packet) {
                return Ok(Verdict::Plain);
            }
            forged.fetch_add(1, Ordering::Relaxed);
            // Either a good guess or a server that does not keep the case. Over TCP there is no guessing.
            if question.is_answered_in_some_case_by(packet) {
                return Ok(Verdict::Tcp);
            }
            // Too late, or a guess: the true answer may still come.
        }
        Ok(Verdict::Tcp)
    };
    timeout(patience, listen).await.map_err(|_| Trouble::Silent)?
}

async fn by_tcp(server: SocketAddr, question: &Question<'_>) -> Result<Answer, Trouble> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.packet.len()).unwrap_or(u16::MAX);
    let message = [&length.to_be_bytes()[..], &question.packet].concat();
    stream.write_all(&message).await?;
    let length = stream.read_u16().await?;
    let mut packet = vec![0; usize::from(length)];
    stream.read_exact(&mut packet).await?;
    if !question.is_answered_in_some_case_by(&packet) {
        return Err(Trouble::Nonsense("another question"));
    }
    decode::decode(&packet, question.name, question.kind)
}
