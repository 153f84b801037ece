use super::*;
use crate::address::PublicAddressClaim;
use crate::{Address, Attachment, BlockDevice, MetadataOptions, PrivateAddress};
use state_store::StoreError;
use state_store::typed::Store;
use std::net::Ipv4Addr;

const PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 7);
const ELASTIC: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 8);

fn here() -> Scope {
    Scope::new("000000000000", "us-east-1")
}

fn instance(state: InstanceState) -> Instance {
    Instance {
        id: "i-1".into(),
        reservation_id: "r-1".into(),
        launch_index: 0,
        image_id: "ami-1".into(),
        instance_type: "t3.micro".into(),
        vcpus: 2,
        memory_mib: 1024,
        state,
        state_reason: None,
        transition_reason: String::new(),
        launch_time: 0,
        terminated_at: None,
        subnet_id: "subnet-1".into(),
        vpc_id: "vpc-1".into(),
        availability_zone: "us-east-1a".into(),
        availability_zone_id: String::new(),
        network_interfaces: vec!["eni-1".into(), "eni-2".into()],
        hostname: "ip-10-0-0-4".into(),
        key_name: None,
        authorized_keys: Vec::new(),
        user_data: None,
        iam_instance_profile: None,
        iam_association_id: None,
        disable_api_termination: false,
        disable_api_stop: false,
        shutdown_behavior: "stop".into(),
        monitoring: false,
        ebs_optimized: false,
        metadata_options: MetadataOptions {
            http_tokens: "optional".into(),
            http_endpoint: "enabled".into(),
            http_put_response_hop_limit: 1,
            http_protocol_ipv6: "disabled".into(),
            instance_metadata_tags: "disabled".into(),
        },
        block_devices: vec![BlockDevice {
            device_name: "/dev/xvda".into(),
            volume_id: "vol-1".into(),
            size: 8,
            volume_type: "gp3".into(),
            delete_on_termination: true,
            attached: 0,
        }],
        client_token: None,
        generation: 1,
        reboot_requested: false,
        force: false,
        host: Some("h".into()),
        booted_at: Some(5),
        options: Default::default(),
    }
}

fn interface(id: &str, index: i32, goes: bool, address: PrivateAddress) -> NetworkInterface {
    NetworkInterface {
        id: id.into(),
        subnet_id: "subnet-1".into(),
        vpc_id: "vpc-1".into(),
        availability_zone: "us-east-1a".into(),
        description: String::new(),
        mac_address: "0a:00:00:00:00:01".into(),
        private_addresses: vec![address],
        ipv6_addresses: Vec::new(),
        ipv4_prefixes: Vec::new(),
        ipv6_prefixes: Vec::new(),
        source_dest_check: true,
        groups: Vec::new(),
        interface_type: "interface".into(),
        requester_managed: false,
        attachment: Some(Attachment {
            id: format!("eni-attach-{index}"),
            instance_id: "i-1".into(),
            device_index: index,
            status: "attached".into(),
            attached: 0,
            delete_on_termination: goes,
        }),
        connection_tracking: None,
        primary_ipv6: false,
        created: 0,
    }
}

fn address(last: u8, public: Option<Ipv4Addr>, allocation: Option<&str>) -> PrivateAddress {
    PrivateAddress {
        address: Ipv4Addr::new(10, 0, 0, last),
        primary: true,
        public,
        allocation_id: allocation.map(str::to_owned),
        association_id: None,
    }
}

/// An instance with an automatic public address on `eth0` and an elastic one on `eth1`.
async fn world(state: InstanceState, second_goes: bool) -> Store {
    let store = Store::in_memory();
    store
        .transact(|tx| {
            let here = here();
            tx.put(&here, instance(state));
            tx.put(&here, interface("eni-1", 0, true, address(4, Some(PUBLIC), None)));
            tx.put(&here, interface("eni-2", 1, second_goes, address(5, Some(ELASTIC), Some("eipalloc-1"))));
            let claim = |public: Ipv4Addr| PublicAddressClaim {
                id: public.to_string(),
                holder: "eni-1".into(),
                account: here.account.to_string(),
                region: here.region.to_string(),
            };
            tx.put(&Scope::global("allod"), claim(PUBLIC));
            tx.put(&Scope::global("allod"), claim(ELASTIC));
            tx.put(
                &here,
                Address {
                    id: "eipalloc-1".into(),
                    public_ip: ELASTIC,
                    network_interface_id: Some("eni-2".into()),
                    private_ip: None,
                    association_id: None,
                    reverse_name: None,
                },
            );
            for (id, kind) in [("i-1", "instance"), ("eni-1", "network-interface"), ("vol-1", "volume")] {
                tx.put(&here, Tags { id: id.into(), resource_type: kind.into(), tags: Default::default() });
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    store
}

async fn step<T: Send>(store: &Store, f: impl Fn(&mut Tx<'_>) -> T + Send + Sync) -> T {
    store.transact(|tx| Ok::<_, StoreError>(f(tx))).await.unwrap().value
}

fn claimed(store: &Store, public: Ipv4Addr) -> bool {
    store.get::<PublicAddressClaim>(&Scope::global("allod"), &public.to_string()).is_some()
}

#[tokio::test]
async fn stopping_returns_only_the_automatic_address() {
    let store = world(InstanceState::Stopping, false).await;
    let stopped = step(&store, |tx| mark_stopped(tx, &here(), "i-1")).await.unwrap();
    assert_eq!((stopped.state, stopped.host, stopped.booted_at), (InstanceState::Stopped, None, None));
    assert!(!claimed(&store, PUBLIC) && claimed(&store, ELASTIC));
    let first = store.get::<NetworkInterface>(&here(), "eni-1").unwrap();
    assert_eq!((first.private_addresses[0].public, first.attachment.is_some()), (None, true));
    assert_eq!(
        store.get::<NetworkInterface>(&here(), "eni-2").unwrap().private_addresses[0].public,
        Some(ELASTIC)
    );
}

#[tokio::test]
async fn termination_deletes_what_goes_along_and_detaches_the_rest() {
    let store = world(InstanceState::ShuttingDown, false).await;
    let gone = step(&store, |tx| terminate(tx, &here(), "i-1", 77)).await.unwrap();
    assert_eq!((gone.state, gone.terminated_at), (InstanceState::Terminated, Some(77)));
    assert!(gone.network_interfaces.is_empty() && gone.block_devices.is_empty());
    assert!(store.get::<NetworkInterface>(&here(), "eni-1").is_none());
    assert!(store.get::<Tags>(&here(), "eni-1").is_none() && store.get::<Tags>(&here(), "vol-1").is_none());
    assert!(!claimed(&store, PUBLIC) && claimed(&store, ELASTIC));
    let kept = store.get::<NetworkInterface>(&here(), "eni-2").unwrap();
    assert_eq!((&kept.attachment, kept.private_addresses[0].public), (&None, Some(ELASTIC)));
    assert!(store.by_index::<Instance>(&here(), "subnet", "subnet-1").is_empty());
    // The tags stay for as long as the record does, and a second termination is no step.
    assert!(store.get::<Tags>(&here(), "i-1").is_some());
    assert!(step(&store, |tx| terminate(tx, &here(), "i-1", 78)).await.is_none());
}

#[tokio::test]
async fn an_elastic_address_survives_its_interface() {
    let store = world(InstanceState::ShuttingDown, true).await;
    step(&store, |tx| terminate(tx, &here(), "i-1", 77)).await.unwrap();
    assert!(store.get::<NetworkInterface>(&here(), "eni-2").is_none());
    let elastic = store.get::<Address>(&here(), "eipalloc-1").unwrap();
    assert_eq!((&elastic.network_interface_id, elastic.public_ip), (&None, ELASTIC));
    assert!(claimed(&store, ELASTIC));
}

#[tokio::test]
async fn steps_lead_only_from_their_own_states() {
    use InstanceState::*;
    for state in [Pending, Running, ShuttingDown, Terminated, Stopping, Stopped] {
        let store = world(state, true).await;
        let before = store.revision();
        let ran = step(&store, |tx| mark_running(tx, &here(), "i-1", "h")).await;
        assert_eq!(ran.is_some(), state == Pending, "{state:?}");
        assert_eq!(store.revision() == before, state != Pending);
        let store = world(state, true).await;
        assert_eq!(step(&store, |tx| mark_stopped(tx, &here(), "i-1")).await.is_some(), state == Stopping);
        let store = world(state, true).await;
        let booted = step(&store, |tx| mark_booted(tx, &here(), "i-1", 9)).await;
        assert_eq!(booted.is_some(), state == Running);
        let store = world(state, true).await;
        let exited = step(&store, |tx| mark_exited(tx, &here(), "i-1")).await;
        assert_eq!(exited.map(|i| i.state), matches!(state, Pending | Running).then_some(Stopped));
    }
}

#[tokio::test]
async fn a_failed_launch_ends_terminated_and_a_failed_start_stopped() {
    use InstanceState::{Pending, Running, Stopped, Terminated};
    for (state, generation, ends) in
        [(Pending, 1, Terminated), (Pending, 3, Stopped), (Running, 1, Stopped), (Running, 4, Stopped)]
    {
        let store = world(state, true).await;
        step(&store, |tx| tx.put(&here(), Instance { generation, ..instance(state) })).await;
        let failed = step(&store, |tx| mark_failed(tx, &here(), "i-1", "no memory", 3)).await.unwrap();
        assert_eq!(failed.state, ends);
        assert_eq!(failed.state_reason.unwrap().message, "Server.InternalError: no memory");
        assert!(!claimed(&store, PUBLIC));
    }
}

#[tokio::test]
async fn shutdown_behaviour_terminate_leads_to_shutting_down() {
    let store = world(InstanceState::Running, true).await;
    let leaving = Instance { shutdown_behavior: "terminate".into(), ..instance(InstanceState::Running) };
    step(&store, |tx| tx.put(&here(), leaving.clone())).await;
    let exited = step(&store, |tx| mark_exited(tx, &here(), "i-1")).await.unwrap();
    assert_eq!((exited.state, exited.generation), (InstanceState::ShuttingDown, 2));
    assert!(claimed(&store, PUBLIC), "addresses go when the agent has destroyed the machine");
}

#[tokio::test]
async fn terminated_instances_are_dropped_after_an_hour() {
    let store = world(InstanceState::ShuttingDown, true).await;
    step(&store, |tx| terminate(tx, &here(), "i-1", 1000)).await.unwrap();
    assert_eq!(sweep_terminated(&store, 1000 + KEEP_TERMINATED - 1).await.unwrap(), 0);
    assert!(store.get::<Instance>(&here(), "i-1").is_some());
    assert_eq!(sweep_terminated(&store, 1000 + KEEP_TERMINATED).await.unwrap(), 1);
    assert!(store.get::<Instance>(&here(), "i-1").is_none() && store.get::<Tags>(&here(), "i-1").is_none());
}

#[tokio::test]
async fn an_interface_comes_and_goes() {
    let status = |store: &Store| {
        let found = store.get::<NetworkInterface>(&here(), "eni-2").unwrap();
        found.attachment.as_ref().map(|a| a.status.clone())
    };
    let set = |status: &'static str| {
        move |tx: &mut Tx<'_>| {
            tx.update::<NetworkInterface>(&here(), "eni-2", |interface| {
                if let Some(attachment) = &mut interface.attachment {
                    status.clone_into(&mut attachment.status);
                }
            })
        }
    };
    let store = world(InstanceState::Running, true).await;
    assert!(!step(&store, |tx| mark_attached(tx, &here(), "eni-2")).await, "it is attached already");
    assert!(!step(&store, |tx| mark_detached(tx, &here(), "eni-2")).await, "nobody asked for it");
    step(&store, set("attaching")).await;
    assert!(step(&store, |tx| mark_attached(tx, &here(), "eni-2")).await);
    assert_eq!(status(&store).as_deref(), Some("attached"));
    step(&store, set("detaching")).await;
    assert!(step(&store, |tx| mark_detached(tx, &here(), "eni-2")).await);
    assert_eq!(status(&store), None);
    assert_eq!(store.get::<Instance>(&here(), "i-1").unwrap().network_interfaces, ["eni-1"]);
}

#[tokio::test]
async fn a_machine_at_rest_has_no_interface_on_its_way() {
    for (status, left) in
        [("attaching", Some("attached")), ("detaching", None), ("attached", Some("attached"))]
    {
        let store = world(InstanceState::Stopping, false).await;
        step(&store, |tx| {
            tx.update::<NetworkInterface>(&here(), "eni-2", |interface| {
                if let Some(attachment) = &mut interface.attachment {
                    status.clone_into(&mut attachment.status);
                }
            })
        })
        .await;
        step(&store, |tx| mark_stopped(tx, &here(), "i-1")).await.unwrap();
        let found = store.get::<NetworkInterface>(&here(), "eni-2").unwrap();
        assert_eq!(found.attachment.as_ref().map(|a| a.status.as_str()), left, "{status}");
        let listed = store.get::<Instance>(&here(), "i-1").unwrap().network_interfaces.len();
        assert_eq!(listed, if left.is_some() { 2 } else { 1 });
    }
}
