//! What can be seen of the data plane: the [`NetworkView`] seam; and the flow logs that want to see it.

use super::NetworkHandle;
use super::watch::Board;
use crate::flow_logs::vpc_of;
use contracts::BoxFuture;
use contracts::seams::NetworkView;
use records::FlowLog;
use serde_json::Value;
use state_store::typed::{Store, TypedEvent};
use std::sync::Arc;

/// Dropped packets and counters.
pub(crate) struct View {
    pub(crate) network: NetworkHandle,
    pub(crate) board: Arc<Board>,
}

impl NetworkView for View {
    fn drops(&self, vpc_id: String, after: u64, limit: usize) -> BoxFuture<'static, Result<Value, String>> {
        let (network, board) = (self.network.clone(), self.board.clone());
        Box::pin(async move {
            board.ask(&vpc_id);
            network.watch(&vpc_id).await?;
            Ok(board.drops(&vpc_id, after, limit))
        })
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        self.board.counters()
    }
}

/// Lets routers be listened to where flow logs are made, until the store closes.
pub(crate) async fn follow_flow_logs(store: Store, network: NetworkHandle) {
    let mut watch = store.watch_kind::<FlowLog>();
    while let Ok(changes) = watch.next().await {
        for event in changes.events {
            let TypedEvent::Put { scope, record, .. } = event else { continue };
            let Some(vpc) = vpc_of(&store, &scope, &record) else { continue };
            if let Err(error) = network.watch(&vpc).await {
                tracing::warn!(vpc, flow_log = record.id, %error, "the router cannot be listened to");
            }
        }
    }
}
