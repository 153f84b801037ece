//! The metadata listener of one VPC.

use super::{Answer, Ask, Metadata};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use state_store::typed::Scope;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections served at once per VPC; more wait in the listen queue.
const MAX_CONNECTIONS: usize = 1024;

impl Metadata {
    /// Serves until the task is dropped. `listener` stands in the router namespace of the VPC.
    pub(crate) async fn serve(self: Arc<Self>, scope: Scope, vpc_id: Arc<str>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "metadata service cannot accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            // The hop limit of the instance bounds how far the answer travels behind it.
            let _ = stream.set_ttl(self.hop_limit(&scope, &vpc_id, peer.ip()));
            let _ = stream.set_nodelay(true);
            let (metadata, scope, vpc_id) = (self.clone(), scope.clone(), vpc_id.clone());
            #[expect(
                clippy::disallowed_methods,
                reason = "ends with its connection, which has a time limit"
            )]
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let (metadata, scope, vpc_id) = (metadata.clone(), scope.clone(), vpc_id.clone());
                    async move { Ok::<_, Infallible>(metadata.handle(&scope, &vpc_id, peer, request).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(Duration::from_secs(10))
                    .max_buf_size(16 * 1024)
                    .serve_connection(TokioIo::new(stream), service);
                // A client that hangs up is no event of ours.
                let _ = connection.await;
                drop(place);
            });
        }
    }

    async fn handle(
        &self,
        scope: &Scope,
        vpc_id: &str,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let headers = request.headers();
        let ask = Ask {
            method: request.method(),
            path: request.uri().path(),
            token: text(headers, "x-aws-ec2-metadata-token"),
            ttl: text(headers, "x-aws-ec2-metadata-token-ttl-seconds"),
            forwarded: headers.contains_key("x-forwarded-for"),
        };
        respond(self.answer(scope, vpc_id, peer.ip(), ask).await)
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn respond(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static(answer.content_type));
    headers.insert("server", http::HeaderValue::from_static("EC2ws"));
    if let Some(ttl) = answer.ttl {
        headers.insert("x-aws-ec2-metadata-token-ttl-seconds", ttl.into());
    }
    response
}
