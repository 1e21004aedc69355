//! The Kubernetes REST API on a socket, and `/sim/v1` beside it.
//!
//! The cluster is not `Send`; it lives on a thread of its own and is asked by messages.

mod descriptions;
mod engine;
mod forward;
mod http;
mod protobuf;
mod remote;
mod sim;
mod spdy;
mod streams;
mod terminal;
#[cfg(test)]
mod tests;

pub use descriptions::texts;
pub use engine::Speed;

use std::net::SocketAddr;
use std::path::PathBuf;

/// What `kubarium serve` was told.
pub struct Options {
    pub listen: SocketAddr,
    pub nodes: usize,
    pub seed: u64,
    pub speed: Speed,
    pub kubeconfig: Option<PathBuf>,
}

/// Serves until the process ends.
///
/// Errors: the address cannot be listened on, the kubeconfig cannot be written.
pub fn serve(options: Options) -> std::io::Result<()> {
    if let Some(path) = &options.kubeconfig {
        std::fs::write(path, kubeconfig(options.listen))?;
    }
    if !options.listen.ip().is_loopback() {
        eprintln!("warning: listening on {}, which is not loopback: anybody who reaches it is admin", options.listen);
    }
    let engine = engine::start(options.nodes, options.seed, options.speed);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind(options.listen).await?;
        println!("Kubernetes v1.35 API on http://{}", listener.local_addr()?);
        http::run(listener, engine).await
    })
}

fn kubeconfig(listen: SocketAddr) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: kubarium\nclusters:\n- name: kubarium\n  cluster:\n    server: \
         http://{listen}\ncontexts:\n- name: kubarium\n  context:\n    cluster: kubarium\n    user: \
         kubernetes-admin\nusers:\n- name: kubernetes-admin\n  user: {{}}\n"
    )
}
