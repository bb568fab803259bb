//! MQTT over WebSocket: the packets are a stream of bytes in binary messages, cut anywhere.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _};
use platform::Platform;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::limits::{WEBSOCKET_BUFFER_BYTES, WEBSOCKET_BYTES_MAX};
use crate::session::{self, Peer};

/// Runs a session over a stream that has become a WebSocket.
pub async fn serve_websocket<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: Peer,
    platform: &Arc<Platform>,
    shutdown: watch::Receiver<bool>,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(WEBSOCKET_BUFFER_BYTES)
        .write_buffer_size(WEBSOCKET_BUFFER_BYTES)
        .max_write_buffer_size(2 * WEBSOCKET_BYTES_MAX)
        .max_message_size(Some(WEBSOCKET_BYTES_MAX))
        .max_frame_size(Some(WEBSOCKET_BYTES_MAX));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    platform.metrics().mqtt_connections.inc();
    session::run(Bytestream::of(socket), peer, platform, shutdown).await;
    platform.metrics().mqtt_connections.dec();
}

/// A WebSocket as a stream of bytes, on either side of it.
pub struct Bytestream<S> {
    socket: WebSocketStream<S>,
    /// What is left of the last message.
    unread: Bytes,
}

impl<S> Bytestream<S> {
    /// The bytes of a WebSocket that is open.
    pub fn of(socket: WebSocketStream<S>) -> Bytestream<S> {
        Bytestream { socket, unread: Bytes::new() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Bytestream<S> {
    /// Says in a close frame why nothing more is read (RFC 6455 7.4), as far as the other end takes
    /// it at once.
    fn close(&mut self, context: &mut Context<'_>, code: CloseCode, why: &'static str) -> Error {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(why) };
        let mut socket = Pin::new(&mut self.socket);
        if socket.as_mut().start_send(Message::Close(Some(frame))).is_ok() {
            // The connection ends in any case.
            let _ = socket.poll_flush(context);
        }
        Error::new(ErrorKind::InvalidData, why)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Bytestream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        while this.unread.is_empty() {
            match ready!(Pin::new(&mut this.socket).poll_next(context)) {
                Some(Ok(Message::Binary(bytes))) => this.unread = bytes,
                Some(Ok(Message::Text(_))) => {
                    let why = "a text message; MQTT comes in binary ones";
                    return Poll::Ready(Err(this.close(context, CloseCode::Unsupported, why)));
                }
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                // Pings are answered by the library.
                Some(Ok(_)) => {}
                Some(Err(SocketError::Capacity(_))) => {
                    let why = "a message that is too large";
                    return Poll::Ready(Err(this.close(context, CloseCode::Size, why)));
                }
                Some(Err(SocketError::Protocol(_))) => {
                    let why = "a frame that breaks the rules of the protocol";
                    return Poll::Ready(Err(this.close(context, CloseCode::Protocol, why)));
                }
                Some(Err(SocketError::Utf8(_))) => {
                    let why = "a text that is not UTF-8";
                    return Poll::Ready(Err(this.close(context, CloseCode::Invalid, why)));
                }
                Some(Err(error)) => return Poll::Ready(Err(Error::other(error))),
            }
        }
        let count = this.unread.len().min(buffer.remaining());
        buffer.put_slice(&this.unread[..count]);
        this.unread.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Bytestream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let mut socket = Pin::new(&mut self.get_mut().socket);
        ready!(socket.as_mut().poll_ready(context)).map_err(Error::other)?;
        let count = bytes.len().min(WEBSOCKET_BYTES_MAX);
        let message = Message::Binary(Bytes::copy_from_slice(&bytes[..count]));
        socket.start_send(message).map_err(Error::other)?;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context).map_err(Error::other)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_close(context).map_err(Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn pair() -> (WebSocketStream<tokio::io::DuplexStream>, impl AsyncRead + AsyncWrite) {
        let (client, server) = tokio::io::duplex(1024);
        let client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let socket = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
        (client, Bytestream::of(socket))
    }

    #[tokio::test]
    async fn messages_are_a_stream_of_bytes() {
        let (mut client, mut stream) = pair().await;
        for part in ["a", "", "bcd", "e"] {
            client.send(Message::Binary(Bytes::from_static(part.as_bytes()))).await.expect("room");
        }
        let mut got = [0; 5];
        stream.read_exact(&mut got).await.expect("five bytes");
        assert_eq!(&got, b"abcde");
        stream.write_all(b"xyz").await.expect("room");
        stream.flush().await.expect("room");
        let answer = client.next().await.expect("a message").expect("a good one");
        assert_eq!(answer, Message::Binary(Bytes::from_static(b"xyz")));
    }

    #[tokio::test]
    async fn text_is_an_error_and_close_the_end() {
        let (mut client, mut stream) = pair().await;
        client.send(Message::text("mqtt")).await.expect("room");
        let error = stream.read_u8().await.expect_err("text");
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let Some(Ok(Message::Close(Some(frame)))) = client.next().await else { panic!("no close") };
        assert_eq!(frame.code, CloseCode::Unsupported);
        let (mut client, mut stream) = pair().await;
        client.close(None).await.expect("room");
        assert_eq!(stream.read(&mut [0]).await.expect("the end"), 0);
    }
}
