//! A topology made real: built through the public API, its machines' interfaces open for frames.
//!
//! Everything else in this crate speaks the topology's own language: ids such as `eni-3`, IPv6 blocks of the
//! documentation range, elastic addresses of 198.19.0.0/16. What the cloud calls these things is translated here, in
//! both directions, so that a topology means the same in every run.

mod addresses;
mod build;
mod change;
mod drops;
mod extensions;
mod machines;
mod parameters;

pub use addresses::Translator;
pub use change::Change;
pub use drops::Drop;

use crate::cloud::Cloud;
use crate::ec2::Ec2;
use crate::wire::{EDGE, Frame, HOST, Link, Mac, ROUTER, TcpFields, decode};
use anyhow::Context as _;
use reachability::{Header, Id, Place, SourceMac, Topology};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;

/// A hardware address that nobody has.
const STRANGER: Mac = [0x02, 0xbd, 0xbd, 0, 0, 1];

/// A topology that stands.
pub struct Site {
    /// A client of the cloud that it stands in.
    pub ec2: Ec2,
    /// Ids and addresses in both languages.
    pub translator: Translator,
    macs: HashMap<Id, Mac>,
    links: HashMap<Id, Link>,
    /// The host's end of the link to the edge; there is none before the first VPC is linked to it.
    host: Option<Link>,
    /// Where the list of dropped packets was read up to, by the cloud's VPC id.
    drops_read: HashMap<String, u64>,
    /// Elastic addresses whose ports are forwarded.
    allocations: HashMap<IpAddr, String>,
    /// The virtual private gateway of a VPC that has one.
    learning: HashMap<Id, String>,
}

/// A way onto the wire that another thread may use.
pub struct Outlet {
    link: Link,
    source: Mac,
    destination: Mac,
    translator: Translator,
}

impl Outlet {
    /// Puts a packet on the wire.
    ///
    /// # Errors
    /// When the interface is down or gone.
    pub fn send(&self, header: Header, tracer: u32, tcp: TcpFields, identifier: u16) -> io::Result<()> {
        let header = self.translator.real_header(header);
        let frame = Frame { header, tracer, tcp, identifier };
        self.link.send(&frame.encode(self.source, self.destination))
    }
}

impl Site {
    /// Builds it in an empty cloud.
    ///
    /// # Errors
    /// When a call is refused or a machine does not come up.
    pub fn build(cloud: &mut Cloud, topology: &Topology) -> anyhow::Result<Self> {
        let mut site = Self {
            ec2: cloud.ec2(),
            translator: Translator::default(),
            macs: HashMap::new(),
            links: HashMap::new(),
            host: None,
            drops_read: HashMap::new(),
            allocations: HashMap::new(),
            learning: HashMap::new(),
        };
        site.networks(topology)?;
        site.interfaces(topology)?;
        site.gateways(topology)?;
        site.private_gateways(topology)?;
        site.routes(topology)?;
        site.learned_routes(topology)?;
        site.rules(topology)?;
        site.nsgs(topology)?;
        site.start(cloud, topology)?;
        site.endpoints(topology)?;
        // When everything stands: this is the order in which networks grow, too.
        site.forwardings(topology)?;
        site.end_of_peerings(topology)?;
        site.host = machines::host()?;
        Ok(site)
    }

    /// Puts a probe on the wire where it starts.
    ///
    /// # Errors
    /// When the place has no interface here.
    pub fn send(&self, at: &Place, frame: Frame, source: SourceMac) -> anyhow::Result<()> {
        let frame = Frame { header: self.translator.real_header(frame.header), ..frame };
        if let Place::NetworkInterface(id) = at {
            let own = *self.macs.get(id).with_context(|| format!("{id} has no hardware address"))?;
            let link = self.links.get(id).with_context(|| format!("{id} has no machine"))?;
            let from = if source == SourceMac::Own { own } else { STRANGER };
            link.send(&frame.encode(from, ROUTER))?;
        } else {
            let host = self.host.as_ref().context("the cloud has no link to the host")?;
            host.send(&frame.encode(HOST, EDGE))?;
        }
        Ok(())
    }

    /// A second way onto the wire at a place, for another thread. It speaks the cloud's addresses.
    ///
    /// # Errors
    /// When the place has no interface here.
    pub fn outlet(&self, at: &Place) -> anyhow::Result<Outlet> {
        let (link, source, destination) = match at {
            Place::NetworkInterface(id) => {
                let own = *self.macs.get(id).with_context(|| format!("{id} has no hardware address"))?;
                (self.links.get(id).with_context(|| format!("{id} has no machine"))?, own, ROUTER)
            }
            _ => (self.host.as_ref().context("the cloud has no link to the host")?, HOST, EDGE),
        };
        let translator = self.translator.clone();
        Ok(Outlet { link: link.try_clone()?, source, destination, translator })
    }

    /// Whether packets can be put on the wire at this place.
    pub fn can_send(&self, place: &Place) -> bool {
        match place {
            Place::NetworkInterface(id) => self.links.contains_key(id),
            Place::Internet => self.host.is_some(),
            _ => false,
        }
    }

    /// Every probe that has arrived since the last call: where, and as what.
    ///
    /// # Errors
    /// When an interface is gone.
    pub fn arrivals(&self) -> anyhow::Result<Vec<(u32, Place, Header)>> {
        crate::interrupt::check()?;
        let mut found = Vec::new();
        let mut buffer = vec![0; 2048];
        let places = self.links.iter().map(|(id, link)| (Place::NetworkInterface(id.clone()), link));
        for (place, link) in places.chain(self.host.iter().map(|host| (Place::Internet, host))) {
            let mac = match &place {
                Place::NetworkInterface(id) => self.macs.get(id).copied().unwrap_or_default(),
                _ => HOST,
            };
            while let Some(frame) = link.receive(&mut buffer)? {
                // The socket hears what it sends itself, too: that is for somebody else.
                if let Some((_, header, tracer)) = decode(frame).filter(|(to, ..)| *to == mac) {
                    found.push((tracer, place.clone(), self.translator.symbolic_header(header)));
                }
            }
        }
        Ok(found)
    }
}
