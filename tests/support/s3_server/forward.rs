//! Passing a request on to the server behind, as it came: the Host header stays, which was signed.

use std::io;
use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::client::conn::http1;
use hyper::header::TRANSFER_ENCODING;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::fault::{Asked, Said};

pub(super) async fn forward(behind: SocketAddr, asked: Asked) -> Result<Said, io::Error> {
    let stream = TcpStream::connect(behind).await?;
    let opened = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let (mut sender, connection) = opened;
    tokio::spawn(connection);
    let answer = sender.send_request(asked.map(Full::new)).await.map_err(io::Error::other)?;
    let (mut head, body) = answer.into_parts();
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    // It is whole now.
    head.headers.remove(TRANSFER_ENCODING);
    Ok(Response::from_parts(head, bytes))
}
