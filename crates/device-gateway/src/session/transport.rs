//! Bounded reading and writing of one stream.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::Leave;
use crate::limits::{CLOSE, READ_BYTES_MAX, READ_BYTES_MIN, WRITE};

/// A stream with its buffers.
pub(super) struct Transport<S> {
    pub stream: S,
    pub input: BytesMut,
    /// Bytes asked of the socket next time: more once it has filled what it was asked for.
    read_bytes: usize,
    pub output: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    pub fn new(stream: S) -> Transport<S> {
        Transport {
            stream,
            input: BytesMut::new(),
            read_bytes: READ_BYTES_MIN,
            output: BytesMut::new(),
        }
    }

    /// Reads what is there, or waits for it. Nothing is lost when the future is dropped.
    pub async fn read(&mut self) -> Result<(), Leave> {
        self.input.reserve(self.read_bytes);
        let read = self.stream.read_buf(&mut self.input).await;
        let count = read.map_err(|error| Leave::lost(error.to_string()))?;
        if count == 0 {
            return Err(Leave::lost("the device closed the connection"));
        }
        let is_busy = count >= self.read_bytes;
        self.read_bytes = if is_busy { READ_BYTES_MAX } else { READ_BYTES_MIN };
        Ok(())
    }

    /// Writes what is waiting.
    pub async fn flush(&mut self) -> Result<(), Leave> {
        if self.output.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        };
        let written = tokio::time::timeout(WRITE, write).await;
        self.output.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Leave::lost(error.to_string())),
            Err(_) => Err(Leave::lost("the device does not read")),
        }
    }

    /// Says good-bye on the stream.
    pub async fn close(&mut self) {
        let _ = tokio::time::timeout(CLOSE, self.stream.shutdown()).await;
    }
}
