//! A mail server that takes every mail at its final dot, and then answers as the tests want it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rocket::tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use rocket::tokio::net::{TcpListener, TcpStream};

/// What it does once it has a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Says so after a while.
    Answer(Duration),
    Silent,
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub to: String,
    pub message_id: String,
}

#[derive(Clone)]
pub struct FakeSmtp {
    pub url: String,
    pub taken: Arc<Mutex<Vec<Taken>>>,
    manner: Arc<Mutex<Manner>>,
}

impl FakeSmtp {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let fake = Self { url, taken: Arc::default(), manner: Arc::new(Mutex::new(manner)) };
        let server = fake.clone();
        rocket::tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let server = server.clone();
                rocket::tokio::spawn(async move { server.serve(socket).await });
            }
        });
        fake
    }

    pub fn is_now(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }

    /// To those whose address begins with `never`, nothing is ever said of their mail.
    async fn serve(&self, socket: TcpStream) -> Option<()> {
        let (reads, mut writes) = socket.into_split();
        let mut lines = BufReader::new(reads).lines();
        writes.write_all(b"220 mx.example\r\n").await.ok()?;
        let mut to = String::new();
        while let Some(line) = lines.next_line().await.ok()? {
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "QUIT" => "221 bye",
                "RCPT" => {
                    line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                    "250 ok"
                }
                "DATA" => {
                    writes.write_all(b"354 go\r\n").await.ok()?;
                    let mut message_id = String::new();
                    loop {
                        let line = lines.next_line().await.ok()??;
                        if let Some(id) = line.strip_prefix("Message-ID: ") {
                            id.clone_into(&mut message_id);
                        }
                        if line == "." {
                            break;
                        }
                    }
                    self.taken.lock().unwrap().push(Taken { to: to.clone(), message_id });
                    let manner = *self.manner.lock().unwrap();
                    match manner {
                        Manner::Answer(delay) if !to.starts_with("never") => rocket::tokio::time::sleep(delay).await,
                        Manner::Close => return None,
                        _ => std::future::pending().await,
                    }
                    "250 queued"
                }
                _ => "250 ok",
            };
            writes.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        None
    }
}
