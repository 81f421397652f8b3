//! A line to a server that falls silent: connections stay, new ones are taken, and nothing passes. Or a slow one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Silent,
}

#[derive(Clone)]
pub struct Line {
    pub address: SocketAddr,
    /// How long it takes, each way.
    delay: Duration,
    state: Arc<watch::Sender<State>>,
    /// Raised when the connections of before are to stay silent for good.
    lost: Arc<watch::Sender<u32>>,
}

impl Line {
    /// To a server, `host:port`.
    pub async fn to(server: &str) -> Self {
        Self::slow(server, Duration::ZERO).await
    }

    pub async fn slow(server: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = Self {
            address: listener.local_addr().unwrap(),
            delay,
            state: Arc::new(watch::Sender::new(State::Open)),
            lost: Arc::new(watch::Sender::new(0)),
        };
        let (server, it) = (server.to_owned(), line.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&server).await else { continue };
                let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
                tokio::spawn(it.clone().carry(near_reads, far_writes));
                tokio::spawn(it.clone().carry(far_reads, near_writes));
            }
        });
        line
    }

    pub fn fall_silent(&self) {
        self.state.send_replace(State::Silent);
    }

    pub fn open(&self) {
        self.state.send_replace(State::Open);
    }

    /// Open for new connections; those of before never hear anything again, not even an end.
    pub fn open_anew(&self) {
        self.lost.send_modify(|lost| *lost += 1);
        self.open();
    }

    async fn carry(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let born = *self.lost.borrow();
        let mut state = self.state.subscribe();
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if state.wait_for(|state| *state == State::Open).await.is_err() {
                return;
            }
            if *self.lost.borrow() != born {
                std::future::pending::<()>().await;
            }
            if !self.delay.is_zero() {
                tokio::time::sleep(self.delay).await;
            }
            if to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    }
}
