//! The operation on raw commands.

use platform::Refusal;

use super::Call;
use crate::answer::{Answer, empty, set};

/// 202 says that the command is kept, not that it is delivered (control-plane.md 5.10).
pub(super) async fn invoke(call: &Call<'_>) -> Result<Answer, Refusal> {
    let location = call
        .platform
        .command_invoke(call.target(), call.details()?, Some(call.caller.user_id.clone()))
        .await?;
    let mut answer = empty(202);
    set(&mut answer, "location", &location);
    Ok(answer)
}
