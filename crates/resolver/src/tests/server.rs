//! An upstream server that does what a test wants.

use super::world::World;
use crate::Upstreams;
use crate::config::ResolverConfig;
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::Name;
use crate::wire::record::{Kind, Record};
use crate::wire::{TCP_LIMIT, query, writer};
use parking_lot::Mutex;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// A question that came to the server.
pub(super) struct Asked<'p> {
    /// With its final dot, in lower case.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) tcp: bool,
    pub(super) packet: &'p [u8],
}

impl Asked<'_> {
    /// An answer with these records.
    pub(super) fn reply(&self, records: &[Record]) -> Vec<u8> {
        self.reply_with(Rcode::NoError, records, None)
    }

    pub(super) fn reply_with(&self, rcode: Rcode, records: &[Record], soa: Option<Record>) -> Vec<u8> {
        let query = query::parse(self.packet).expect("our own question");
        let mut out = Vec::new();
        let answer = Answer { rcode, authoritative: false, records: records.to_vec(), soa };
        writer::write(&query, &answer, TCP_LIMIT, &mut out);
        out
    }

    /// The name asked for.
    pub(super) fn asked_name(&self) -> Name {
        Name::from_text(&self.name).expect("a name")
    }
}

/// The packets that go back, in their order; none is silence.
type Script = dyn Fn(&Asked<'_>) -> Vec<Vec<u8>> + Send + Sync;

pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Every question, as `name type udp|tcp`.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts it on loopback; its threads end with the test's process.
    pub(super) fn start(script: impl Fn(&Asked<'_>) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Server {
        let (streams, datagrams) = loop {
            let streams = TcpListener::bind("127.0.0.1:0").expect("a port");
            // The same number may be taken for UDP.
            if let Ok(datagrams) = UdpSocket::bind(streams.local_addr().expect("an address")) {
                break (streams, datagrams);
            }
        };
        let address = datagrams.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let (udp, tcp) = ((script.clone(), asked.clone()), (script, asked.clone()));
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, peer)) = datagrams.recv_from(&mut buffer) {
                for reply in answer(&udp.0, &udp.1, &buffer[..length], false) {
                    let _ = datagrams.send_to(&reply, peer);
                }
            }
        });
        std::thread::spawn(move || {
            for mut stream in streams.incoming().flatten() {
                let mut length = [0; 2];
                stream.read_exact(&mut length).expect("a length");
                let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut packet).expect("a question");
                for reply in answer(&tcp.0, &tcp.1, &packet, true) {
                    let length = u16::try_from(reply.len()).expect("a message");
                    let _ = stream.write_all(&[&length.to_be_bytes()[..], &reply].concat());
                }
            }
        });
        Server { address, asked }
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }

    /// A world that asks this server. The patience is long, so that only silence on purpose runs into it.
    pub(super) fn world(&self) -> World {
        World::with(self.config())
    }

    pub(super) fn config(&self) -> ResolverConfig {
        ResolverConfig {
            upstreams: Upstreams::Servers(vec![self.address]),
            upstream_timeout: Duration::from_secs(20),
            ..ResolverConfig::default()
        }
    }
}

fn answer(script: &Arc<Script>, asked: &Mutex<Vec<String>>, packet: &[u8], tcp: bool) -> Vec<Vec<u8>> {
    let query = query::parse(packet).expect("a question");
    let (name, kind) = (Name::known(query.name.as_wire()).to_string(), query.kind);
    let way = if tcp { "tcp" } else { "udp" };
    asked.lock().push(format!("{name} {} {way}", kind.0));
    script(&Asked { name, kind, tcp, packet })
}
